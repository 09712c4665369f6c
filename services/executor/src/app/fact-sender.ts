// Sends facts to the scheduler in order until it has acknowledged them, over lost connections and restarts.
import type { Journal } from './journal.ts';
import { Nudge } from './nudge.ts';
import type { Reporter, SchedulerLink } from './ports.ts';

const BATCH = 100;
const RETRY_MS = 1_000;
const IDLE_MS = 60_000;

export interface FactSenderParts {
  readonly journal: Journal;
  readonly link: SchedulerLink;
  readonly reporter: Reporter;
}

export class FactSender {
  readonly #parts: FactSenderParts;
  readonly #nudge = new Nudge();
  #stopped = false;

  constructor(parts: FactSenderParts) {
    this.#parts = parts;
    parts.journal.onDurable(() => this.wake());
  }

  /** Something to send, or the connection is back. */
  wake(): void {
    this.#nudge.wake();
  }

  stop(): void {
    this.#stopped = true;
    this.#nudge.wake();
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      const facts = this.#parts.journal.sendable.slice(0, BATCH);
      if (facts.length === 0) await this.#nudge.wait(IDLE_MS);
      else if (!(await this.#send(facts))) await this.#nudge.wait(RETRY_MS);
    }
  }

  async #send(facts: Journal['sendable']): Promise<boolean> {
    const { journal, link, reporter } = this.#parts;
    try {
      const acknowledged = await link.facts(facts);
      const first = facts[0]?.seq ?? 0;
      if (acknowledged < first) return false;
      await journal.record({ type: 'acknowledged', seq: acknowledged });
      return true;
    } catch (error) {
      reporter.warn({ error: String(error), facts: facts.length }, 'facts were not taken; they will be sent again');
      return false;
    }
  }
}
