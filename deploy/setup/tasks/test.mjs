// `npm test`: every test, then what was skipped and why, then the totals as the last line.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setupFolder } from '../paths.mjs';
import { prepare, prepareOptional } from '../prepare.mjs';
import { runNode } from '../process/foreground.mjs';
import { interruption } from '../process/interruption.mjs';
import { explain } from '../setup-error.mjs';

const reporter = join(setupFolder, 'test-reporter.mjs');
const nothingReported = { passed: 0, failed: 0, skipped: [] };

async function prepareMongo(missing) {
  if (process.env.MONGODB_URI) return {};
  return prepareOptional('mongo', ({ message }) => {
    missing.push({
      name: 'tests against a MongoDB',
      reason: `there is none: set MONGODB_URI or install mongod (${message})`,
    });
  });
}

// Its tests say themselves that they are skipped, and what is missing.
const prepareDocker = () => prepareOptional('docker', () => {});

async function runVitest(args, env) {
  const folder = mkdtempSync(join(tmpdir(), 'baton-test-'));
  const report = join(folder, 'report.json');
  try {
    const reporters = ['--reporter=default', `--reporter=${reporter}`];
    const exitCode = await runNode('node_modules/vitest/vitest.mjs', ['run', ...reporters, ...args], {
      ...env,
      BATON_TEST_REPORT: report,
    });
    return { exitCode, ...(existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : nothingReported) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// A run that crashed, or that found no test, must never read as a pass.
function failuresOf({ exitCode, passed, failed }) {
  if (failed > 0) return failed;
  return exitCode !== 0 || passed === 0 ? 1 : 0;
}

async function prepareAndRun(args) {
  const missing = [];
  const [env, mongo] = await Promise.all([
    prepare('build', 'natsServer', 'python'),
    prepareMongo(missing),
    prepareDocker(),
  ]);
  const result = await runVitest(args, { ...env, ...mongo });
  for (const { name, reason } of [...result.skipped, ...missing]) console.log(`SKIPPED: ${name} because ${reason}`);
  return result;
}

// What could not even be prepared counts as a failure too, so that the last line always holds the totals.
async function tryToRun(args) {
  try {
    return await prepareAndRun(args);
  } catch (error) {
    if (interruption.aborted) throw error;
    explain(error);
    return { exitCode: 1, ...nothingReported };
  }
}

export async function run(args) {
  const result = await tryToRun(args);
  const failed = failuresOf(result);
  if (failed > result.failed) console.log(`FAILED: no complete run of the tests (exit code ${result.exitCode})`);
  console.log(`${result.passed} passed, ${failed} failed, ${result.skipped.length} skipped`);
  return failed > 0 ? 1 : 0;
}
