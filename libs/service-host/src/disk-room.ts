// Room on the disk that holds the log. It must not run out: nats-server then falls silent, and stays so when there is room again.
import { statfsSync } from 'node:fs';

/** Kept free for what is under way, and for read models, logs and the agent's journal. */
const RESERVED_BYTES = 32 * 2 ** 20;

/** How long an answer counts: what is written in that time is far less than what is kept free. */
const VALID_MS = 50;

/** Tells whether commands may still be recorded; true as well where it can't be told. */
export function roomOn(folder: string | undefined): () => boolean {
  let answer = true;
  let askedAt = -Infinity;
  return () => {
    const now = performance.now();
    if (now - askedAt < VALID_MS) return answer;
    askedAt = now;
    answer = hasRoom(folder);
    return answer;
  };
}

/** Asked anew each time. */
export function hasRoom(folder: string | undefined): boolean {
  if (folder === undefined) return true;
  try {
    const { blocks, bavail, bsize } = statfsSync(folder);
    return blocks === 0 || bavail * bsize >= RESERVED_BYTES;
  } catch {
    return true;
  }
}
