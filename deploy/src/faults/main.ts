// `npm run simulate:faults`: scheduler, agents, log, clock and network in one process, under random faults, for many seeds.
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { hasCode, type PlatformError } from '@baton/errors';
import { added, NOTHING, reportOf, runScenario, runSeeds, type Seeds, type Tally } from './batch.ts';
import { type Options, readOptions } from './options.ts';

/** Of errors that are part of the game nobody reads the stack. */
Error.stackTraceLimit = 4;

const PROGRESS_EVERY_MS = 10_000;

async function inWorker(seeds: Seeds, onSeed: (tally: Tally) => void): Promise<void> {
  const worker = new Worker(new URL(import.meta.url), { workerData: seeds });
  worker.on('message', onSeed);
  await once(worker, 'exit');
}

async function inWorkers({ from, seeds, workers, broken }: Options): Promise<Tally> {
  const stride = Math.min(workers, seeds);
  const shares = Array.from({ length: stride }, (_, index) => ({
    from: from + index,
    count: Math.ceil((seeds - index) / stride),
    stride,
    broken,
  }));
  let tally = NOTHING;
  const progress = setInterval(
    () => void process.stderr.write(`  ... ${tally.seeds} of ${seeds} seeds\n`),
    PROGRESS_EVERY_MS,
  );
  try {
    await Promise.all(shares.map((share) => inWorker(share, (one) => (tally = added(tally, one)))));
    return tally;
  } finally {
    clearInterval(progress);
  }
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), availableParallelism());
  const begun = performance.now();
  const tally = options.replayed === null ? await inWorkers(options) : await runScenario(options.replayed);
  const seconds = (performance.now() - begun) / 1_000;
  const { from } = options;
  const told = options.json ? `${JSON.stringify({ from, ...tally, seconds })}\n` : reportOf(tally, seconds);
  process.stdout.write(told);
  process.exitCode = tally.failures.length === 0 ? 0 : 1;
}

if (isMainThread) {
  try {
    await main();
  } catch (error) {
    if (!hasCode(error, 'invalid_input')) throw error;
    process.stderr.write(`${(error as PlatformError).message}\n`);
    process.exitCode = 2;
  }
} else for await (const tally of runSeeds(workerData as Seeds)) parentPort?.postMessage(tally);
