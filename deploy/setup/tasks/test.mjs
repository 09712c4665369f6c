// `npm test`: every test, then what was unstable or skipped and why, then the totals as the last line.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setupFolder } from '../paths.mjs';
import { prepare, prepareOptional } from '../prepare.mjs';
import { runNode } from '../process/foreground.mjs';
import { interruption } from '../process/interruption.mjs';
import { explain } from '../setup-error.mjs';
import { failuresOf, filesToRepeat, repeated, totalsOf } from './test-results.mjs';

const reporter = join(setupFolder, 'test-reporter.mjs');
const nothingReported = { files: [], unhandled: 0 };
const alone = ['--maxWorkers=1', '--no-file-parallelism'];

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
    const reported = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : nothingReported;
    return { exitCode, ...reported };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The run; what failed beside the others of a busy machine is run once more, alone, and said to be unstable when it then passes. */
async function runTests(args, env) {
  const first = await runVitest(args, env);
  // Who names tests is looking at them.
  const files = args.length > 0 ? [] : filesToRepeat(first);
  if (files.length === 0) return { ...first, unstable: [] };
  console.log(`Failed: ${files.join(', ')}. Once more, alone:`);
  return repeated(first, await runVitest([...alone, ...files], env));
}

async function prepareAndRun(args) {
  const missing = [];
  const [env, mongo] = await Promise.all([
    prepare('build', 'natsServer', 'python'),
    prepareMongo(missing),
    prepareDocker(),
  ]);
  const result = await runTests(args, { ...env, ...mongo });
  const { skipped } = totalsOf(result);
  for (const { name, reason } of result.unstable) console.log(`UNSTABLE: ${name} failed first: ${reason}`);
  for (const { name, reason } of [...skipped, ...missing]) console.log(`SKIPPED: ${name} because ${reason}`);
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
  const { passed, failed: told, skipped } = totalsOf(result);
  const failed = failuresOf(result);
  if (failed > told) console.log(`FAILED: no complete run of the tests (exit code ${result.exitCode})`);
  console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
  return failed > 0 ? 1 : 0;
}
