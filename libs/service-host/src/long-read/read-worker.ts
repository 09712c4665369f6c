// The thread that reads a long part of the log: on a connection of its own, a few parcels ahead of the thread that asked.
import { parentPort, workerData } from 'node:worker_threads';
import { contentsOf, readParcels } from '@baton/event-store/raw-reading';
import type { Reading } from './read-thread.ts';

/** Parcels that nobody has taken: 1 MiB each, or one commit. */
const AHEAD = 8;

const { source, after, end } = workerData as Reading;
let open = AHEAD;
let taken: (() => void) | null = null;
parentPort?.on('message', () => {
  open += 1;
  taken?.();
});

for await (const parcel of readParcels(source, after, end)) {
  while (open === 0) await new Promise<void>((resolve) => (taken = resolve));
  open -= 1;
  parentPort?.postMessage(parcel, contentsOf(parcel));
}
parentPort?.close();
