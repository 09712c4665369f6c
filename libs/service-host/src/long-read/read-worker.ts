// The thread that reads a long part of the log: on a connection of its own, a few parcels ahead of the thread that asked.
import { parentPort, workerData } from 'node:worker_threads';
import { storedStream } from '@baton/event-store';
import { connectBus } from '@baton/messaging';
import { contentsOf, packed, parcelled } from './parcel.ts';
import type { Reading } from './read-thread.ts';

/** Parcels that nobody has taken: 1 MiB each, or one commit. */
const AHEAD = 8;
/** Whoever asked is connected there already, and reads by itself when this fails. */
const CONNECT_WITHIN_MS = 2_000;

const { bus: options, stream, after, end } = workerData as Reading;
let open = AHEAD;
let taken: (() => void) | null = null;
parentPort?.on('message', () => {
  open += 1;
  taken?.();
});

const bus = await connectBus({ ...options, connectTimeoutMs: CONNECT_WITHIN_MS });
for await (const batch of parcelled(storedStream(bus.connection, stream).read(after, end))) {
  while (open === 0) await new Promise<void>((resolve) => (taken = resolve));
  open -= 1;
  const parcel = packed(batch);
  parentPort?.postMessage(parcel, contentsOf(parcel));
}
await bus.close();
parentPort?.close();
