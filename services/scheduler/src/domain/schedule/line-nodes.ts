// The nodes whose lines have something for jobs of a width, shortest line first: looked at again when they change, or a running job gets late.
import type { ChangeLog } from './change-log.ts';
import { Heap } from './heap.ts';
import { NodeBuckets } from './node-buckets.ts';
import type { NodeLedger } from './node-ledger.ts';

/** What is asked of a node; `nextAt` is when time alone may change the answer, next after now; infinite: never. */
export interface LineRule {
  readonly countInLine: (ledger: NodeLedger) => number;
  readonly offers: (ledger: NodeLedger, now: number) => boolean;
  readonly nextAt: (ledger: NodeLedger, now: number) => number;
}

interface Turn {
  readonly at: number;
  readonly ledger: NodeLedger;
  readonly version: number;
}

export class LineNodes {
  readonly #log: ChangeLog;
  readonly #all: () => readonly NodeLedger[];
  readonly #rule: LineRule;
  readonly #offering: NodeBuckets;
  readonly #turns = new Heap<Turn>([], (a, b) => a.at - b.at);
  /** Of each node when it was last looked at. */
  readonly #versions = new Map<NodeLedger, number>();
  /** Changes before this one have been followed; negative: none have. */
  #upTo = -1;
  #now = 0;

  constructor(log: ChangeLog, all: () => readonly NodeLedger[], rule: LineRule) {
    this.#log = log;
    this.#all = all;
    this.#rule = rule;
    this.#offering = new NodeBuckets((ledger) => this.#spotOf(ledger));
  }

  isAny(now: number): boolean {
    this.#follow(now);
    return this.#offering.size > 0;
  }

  /** What `pick` first finds; null if it finds nothing on any of them. */
  first<T>(now: number, pick: (ledger: NodeLedger) => T | null): T | null {
    this.#follow(now);
    for (const bucket of this.#offering.buckets) {
      for (const { ledger } of bucket) {
        const found = pick(ledger);
        if (found !== null) return found;
      }
    }
    return null;
  }

  #follow(now: number): void {
    const changed = this.#upTo < 0 || now < this.#now ? null : this.#log.since(this.#upTo);
    this.#now = now;
    this.#upTo = this.#log.end;
    if (changed === null) for (const ledger of this.#all()) this.#look(ledger);
    else for (const ledger of changed) if (this.#versions.get(ledger) !== ledger.version) this.#look(ledger);
    for (let turn = this.#turns.top; turn && turn.at <= now; turn = this.#turns.top) {
      this.#turns.dropTop();
      if (turn.version === turn.ledger.version) this.#look(turn.ledger);
    }
  }

  #look(ledger: NodeLedger): void {
    this.#versions.set(ledger, ledger.version);
    this.#offering.update(ledger);
    const at = this.#rule.nextAt(ledger, this.#now);
    if (at < Infinity) this.#turns.push({ at, ledger, version: ledger.version });
  }

  #spotOf(ledger: NodeLedger) {
    if (!this.#rule.offers(ledger, this.#now)) return null;
    return { count: this.#rule.countInLine(ledger), isWhole: false, isPromised: false };
  }
}
