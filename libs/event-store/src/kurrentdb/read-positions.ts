// Records at known places of the stream: neighbours in one read, a few reads at a time.
import type { Position } from '../port.ts';
import type { StoredRecord } from './draft.ts';
import type { StreamLog } from './stream-log.ts';

interface Range {
  readonly from: Position;
  to: Position;
}

/** Reading on is cheaper than another request while what lies between is not more than this. */
const GAP = 16;
const LONGEST = 512;
const AT_A_TIME = 8;

export async function readPositions(log: StreamLog, positions: readonly Position[]): Promise<StoredRecord[]> {
  const wanted = new Set(positions);
  const ranges = rangesOf(positions);
  const records: StoredRecord[] = [];
  for (let index = 0; index < ranges.length; index += AT_A_TIME) {
    const reads = ranges.slice(index, index + AT_A_TIME).map(({ from, to }) => log.read(from, to - from + 1));
    for (const read of await Promise.all(reads)) records.push(...read.filter(({ position }) => wanted.has(position)));
  }
  return records;
}

function rangesOf(positions: readonly Position[]): Range[] {
  const ranges: Range[] = [];
  for (const position of positions) {
    const last = ranges.at(-1);
    if (last !== undefined && position - last.to <= GAP && position - last.from < LONGEST) last.to = position;
    else ranges.push({ from: position, to: position });
  }
  return ranges;
}
