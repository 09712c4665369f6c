// Looks after the disk of the log: says when it is full, and starts a nats-server again that has stopped writing, once there is room.
import { hasRoom } from '@baton/service-host/disk-room';
import { type HealthSource, writeFailure } from './nats-health.ts';

const EVERY_MS = 2_000;
/** Looking for room costs nothing, and people wait for it. */
const WHILE_FULL_MS = 250;

export interface WatchedStorage {
  readonly folder: string;
  readonly nats: HealthSource;
  readonly restartNats: () => void;
  readonly say: (text: string) => void;
}

/** Until the function that it gives is called. */
export function watchStorage({ folder, nats, restartNats, say }: WatchedStorage): () => void {
  const stopping = new AbortController();
  let wasFull = false;

  async function check(): Promise<void> {
    const isFull = !hasRoom(folder);
    if (isFull && !wasFull) say(`The disk of ${folder} is full: commands are refused until there is room again.`);
    if (!isFull && wasFull) say(`There is room again on the disk of ${folder}.`);
    wasFull = isFull;
    const failure = isFull ? null : await writeFailure(nats);
    if (stopping.signal.aborted) return;
    if (failure !== null) {
      say(`nats-server had stopped writing (${failure}).`);
      restartNats();
    }
    timer = setTimeout(() => void check(), isFull ? WHILE_FULL_MS : EVERY_MS);
  }

  let timer = setTimeout(() => void check(), EVERY_MS);
  return () => {
    stopping.abort();
    clearTimeout(timer);
  };
}
