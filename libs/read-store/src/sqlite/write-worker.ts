// The thread that writes batches: one after the other, on a connection of its own, until it is told to end.
import { parentPort, workerData } from 'node:worker_threads';
import { PlatformError } from '@baton/errors/platform-error';
import { type Batch, writeBatch } from './batch.ts';
import { Database } from './database.ts';
import type { BatchAnswer } from './write-thread.ts';

const database = Database.beside(String(workerData));

parentPort?.on('message', (batch: Batch | null) => {
  if (batch !== null) return parentPort?.postMessage(written(batch));
  database.close();
  parentPort?.close();
});

function written(batch: Batch): BatchAnswer {
  try {
    writeBatch(database, batch);
    return { failure: null };
  } catch (error) {
    const code = error instanceof PlatformError ? error.code : 'internal';
    const message = error instanceof Error ? error.message : 'The read models can not be written.';
    const detail = (error instanceof PlatformError ? error.detail : undefined) ?? String(error);
    return { failure: { code, message, detail } };
  }
}
