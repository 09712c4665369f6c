// For whom, on which nodes, promises were found not to be kept with one more in line; as long as the node does not change.
import { type Ask, holdMs } from './ask.ts';
import type { LinePlace } from './line-offer.ts';
import type { NodeLedger } from './node-ledger.ts';

interface Known {
  readonly version: number;
  readonly now: number;
  readonly holdMs: number;
  readonly priority: number;
  readonly line: LinePlace;
}

export class LineRefusals {
  /** By the place of the node. */
  readonly #known: (Known | undefined)[] = [];

  /** Whoever asks for the same for longer, in no higher class, is refused too, and later as well: time alone makes no room. */
  covers(ledger: NodeLedger, line: LinePlace, ask: Ask, now: number): boolean {
    const known = this.#known[ledger.place];
    if (known?.version !== ledger.version || now < known.now) return false;
    return ask.priority <= known.priority && holdMs(ask) >= known.holdMs && isSameLine(line, known.line);
  }

  add(ledger: NodeLedger, line: LinePlace, ask: Ask, now: number): void {
    const { priority } = ask;
    this.#known[ledger.place] = { version: ledger.version, now, holdMs: holdMs(ask), priority, line };
  }
}

/** Of one node that has not changed: of two lines there one has all devices of the other, or they are behind different jobs. */
function isSameLine({ behind: one }: LinePlace, { behind: other }: LinePlace): boolean {
  return one.pool.length === other.pool.length && one.predecessors[0]?.jobId === other.predecessors[0]?.jobId;
}
