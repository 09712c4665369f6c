// A "no" of all nodes, remembered until a node changes so that it says "yes".
import { type Ask, holdMs } from './ask.ts';
import type { ChangeLog } from './change-log.ts';
import { Heap } from './heap.ts';
import type { NodeLedger } from './node-ledger.ts';

export class Refusal {
  readonly #log: ChangeLog;
  /** Changes before this one are known not to matter. */
  #upTo: number;

  constructor(log: ChangeLog) {
    this.#log = log;
    this.#upTo = log.end;
  }

  stands(passes: (ledger: NodeLedger) => boolean): boolean {
    if (this.#log.some(this.#upTo, passes)) return false;
    this.#upTo = this.#log.end;
    return true;
  }
}

/** When time alone may change what a node says, next after now; infinite: never. */
export interface Turns {
  readonly now: number;
  readonly nextAt: (ledger: NodeLedger) => number;
}

interface Turn {
  readonly at: number;
  readonly ledger: NodeLedger;
}

/** Of an ask because of promises: time alone makes no room for it, but at the turns of nodes, as a promise that is not used moves on too. */
export class RefusedAsk {
  /** Without a name: no promise is its own. */
  readonly ask: Ask;
  readonly #now: number;
  readonly #refusal: Refusal;
  readonly #turns = new Heap<Turn>([], (a, b) => a.at - b.at);
  readonly #turnOf = new Map<NodeLedger, number>();

  constructor(ask: Ask, log: ChangeLog, now: number) {
    this.ask = { ...ask, jobId: '' };
    this.#now = now;
    this.#refusal = new Refusal(log);
  }

  /** Whoever asks for longer, in no higher class, is refused too. */
  covers(ask: Ask, now: number): boolean {
    return now >= this.#now && ask.priority <= this.ask.priority && holdMs(ask) >= holdMs(this.ask);
  }

  stands(passes: (ledger: NodeLedger) => boolean, turns: Turns | null = null): boolean {
    const stillRefuses = (ledger: NodeLedger) => {
      if (turns) this.follow(ledger, turns);
      return !passes(ledger);
    };
    if (!this.#refusal.stands((ledger) => !stillRefuses(ledger))) return false;
    if (turns === null) return true;
    for (let turn = this.#turns.top; turn && turn.at <= turns.now; turn = this.#turns.top) {
      this.#turns.dropTop();
      if (this.#turnOf.get(turn.ledger) === turn.at && !stillRefuses(turn.ledger)) return false;
    }
    return true;
  }

  /** To be looked at again at its next turn. */
  follow(ledger: NodeLedger, { nextAt }: Turns): void {
    const at = nextAt(ledger);
    if (this.#turnOf.get(ledger) === at) return;
    this.#turnOf.set(ledger, at);
    if (at < Infinity) this.#turns.push({ at, ledger });
  }
}
