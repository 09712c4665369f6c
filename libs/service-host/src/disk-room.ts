// Room on the disk that holds the log. It must not run out: nats-server then falls silent, and stays so when there is room again.
import { statfsSync } from 'node:fs';

/** Kept free for what is under way, and for read models, logs and the agent's journal. */
const RESERVED_BYTES = 32 * 2 ** 20;

/** Whether commands may still be recorded; true as well where it can't be told. */
export function hasRoom(folder: string | undefined): boolean {
  if (folder === undefined) return true;
  try {
    const { blocks, bavail, bsize } = statfsSync(folder);
    return blocks === 0 || bavail * bsize >= RESERVED_BYTES;
  } catch {
    return true;
  }
}
