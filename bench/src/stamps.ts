// When the jobs of a benchmark began and ended, as they wrote it down themselves, and the gaps between them.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Stamp {
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/** Of `jobs` files named 0, 1, ... in `folder`, each of two lines: ns since 1970. In the order of the starts. */
export async function readStamps(folder: string, jobs: number): Promise<Stamp[]> {
  const stamps: Stamp[] = [];
  for (let n = 0; n < jobs; n += 1) {
    const [start, end] = (await readFile(join(folder, `${n}`), 'utf8')).trim().split('\n').map(BigInt);
    if (start === undefined || end === undefined) throw new Error(`job ${n} left no two stamps`);
    stamps.push({ startNs: start, endNs: end });
  }
  return stamps.toSorted((a, b) => (a.startNs < b.startNs ? -1 : 1));
}

/** From the end of each to the start of the next. */
export function gapsMs(stamps: readonly Stamp[]): number[] {
  return stamps.slice(1).map((stamp, index) => Number(stamp.startNs - (stamps[index]?.endNs ?? 0n)) / 1e6);
}
