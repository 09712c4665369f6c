// One hash over a whole stream up to a position: it misses its own tail, which the hash of one aggregate's chain can't.
import { hash } from 'node:crypto';
import type { Position } from '@baton/event-store';

/** Where a stream stands, and what came before in one number. */
export interface StreamMark {
  readonly position: Position;
  /** SHA-256 (hex) over the mark before, and position, subject and hash of the commit; empty before the first. */
  readonly rollingHash: string;
  /** SHA-256 (hex) of the stored bytes of the commit at `position`; empty before the first. */
  readonly lastHash: string;
}

export const EMPTY_MARK: StreamMark = { position: 0, rollingHash: '', lastHash: '' };

export function nextMark(before: StreamMark, position: Position, subject: string, commitHash: string): StreamMark {
  const rollingHash = hash('sha256', `${before.rollingHash} ${position} ${subject} ${commitHash}`);
  return { position, rollingHash, lastHash: commitHash };
}

export function sameMark(one: StreamMark, other: StreamMark): boolean {
  return one.position === other.position && one.rollingHash === other.rollingHash && one.lastHash === other.lastHash;
}
