// The worker thread of one model version: loads it, warms it, and runs batches one after another.
import { parentPort, workerData } from 'node:worker_threads';
import { buffersOf, split } from './batch.ts';
import { probe } from './probe.ts';
import type { Batch, FromWorker, RunOutcome, ToWorker, WorkerSettings } from './protocol.ts';
import { openSession, type Session } from './session.ts';

const port = parentPort;
if (!port) throw new Error('this is a worker thread');
const settings = workerData as WorkerSettings;

function tell(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer);
}

let session: Session;
try {
  session = await openSession(settings.path, settings.intraOpThreads);
  const batches = await probe(session);
  port.on('message', (message: ToWorker) => {
    if (message.kind === 'run') void runBatch(message.id, message.batch);
    else void finish();
  });
  tell({ kind: 'loaded', signature: { inputs: session.inputs, outputs: session.outputs, batches } });
} catch (error) {
  tell({ kind: 'load-failed', message: textOf(error) });
}

async function runBatch(id: number, batch: Batch): Promise<void> {
  const whole = await outcomeOf(batch.parts, batch.rows.length);
  // One bad row fails the whole run: alone, the others get their answers.
  const outcomes =
    'fault' in whole && batch.rows.length > 1
      ? await Promise.all(split(batch).map((request) => outcomeOf([request], 1)))
      : [whole];
  tell(
    { kind: 'ran', id, outcomes },
    buffersOf(outcomes.flatMap((outcome) => ('outputs' in outcome ? outcome.outputs : []))),
  );
}

async function outcomeOf(parts: Batch['parts'], requests: number): Promise<RunOutcome> {
  try {
    return { requests, outputs: await session.run(parts) };
  } catch (error) {
    return { requests, fault: textOf(error) };
  }
}

/** Closing the port lets the thread end by itself. */
async function finish(): Promise<void> {
  await session.release();
  port?.close();
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
