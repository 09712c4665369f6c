// A "no" of all nodes, remembered until a node changes so that it says "yes".
import { type Ask, holdMs } from './ask.ts';
import type { ChangeLog } from './change-log.ts';
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

/** Of an ask because of promises: time alone makes no room for it, as a promise that is not used moves on too. */
export class RefusedAsk {
  /** Without a name: no promise is its own. */
  readonly ask: Ask;
  readonly #now: number;
  readonly #refusal: Refusal;

  constructor(ask: Ask, log: ChangeLog, now: number) {
    this.ask = { ...ask, jobId: '' };
    this.#now = now;
    this.#refusal = new Refusal(log);
  }

  /** Whoever asks for longer, in no higher class, is refused too. */
  covers(ask: Ask, now: number): boolean {
    return now >= this.#now && ask.priority <= this.ask.priority && holdMs(ask) >= holdMs(this.ask);
  }

  stands(passes: (ledger: NodeLedger) => boolean): boolean {
    return this.#refusal.stands(passes);
  }
}
