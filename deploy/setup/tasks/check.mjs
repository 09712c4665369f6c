// `npm run check`: every static check and the unit tests, run side by side by turbo; `--fix` first repairs what tools can.
import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { packageCommand, root } from '../paths.mjs';
import { prepare } from '../prepare.mjs';
import { runForeground } from '../process/foreground.mjs';

const steps = ['references', 'types', 'lint', 'format', 'boundaries', 'unused', 'undeclared', 'unit'];
const summaries = join(root, '.turbo/runs');
const quiet = { TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1', DO_NOT_TRACK: '1' };

async function fix() {
  await runForeground(packageCommand('oxfmt'), []);
  await runForeground(packageCommand('oxlint'), ['--fix', '--quiet']);
}

function runSteps() {
  rmSync(summaries, { recursive: true, force: true });
  mkdirSync(summaries, { recursive: true });
  const tasks = steps.map((step) => `//#${step}`);
  const output = ['--continue=always', '--output-logs=errors-only', '--log-order=grouped', '--summarize'];
  return runForeground(packageCommand('turbo'), ['run', ...tasks, ...output], quiet);
}

function readTasks() {
  const [summary] = readdirSync(summaries);
  return summary ? JSON.parse(readFileSync(join(summaries, summary), 'utf8')).tasks : [];
}

function describe(step, task) {
  if (!task?.execution) return `${step.padEnd(12)} NOT RUN`;
  const { startTime, endTime, exitCode } = task.execution;
  const seconds = ((endTime - startTime) / 1_000).toFixed(1).padStart(6);
  const cached = task.cache.status === 'HIT' ? ' (unchanged since it last passed)' : '';
  return `${step.padEnd(12)} ${exitCode === 0 ? 'ok    ' : 'FAILED'} ${seconds} s${cached}`;
}

function printTable() {
  const tasks = readTasks();
  for (const step of steps)
    console.log(
      describe(
        step,
        tasks.find(({ task }) => task === step),
      ),
    );
}

export async function run(args) {
  await prepare('packages');
  if (args.includes('--fix')) await fix();
  const exitCode = await runSteps();
  printTable();
  return exitCode;
}
