// Many commands in a row by one leader: others have their turn in between, and it stops when it leads no more.
import { PlatformError } from '@baton/errors';
import type { Leader, Written } from './leader.ts';
import type { Leadership } from './leadership.ts';

/** In one go. As many again may be under way to the log. */
const BATCH = 250;

export class Turns {
  readonly #leadership: Leadership;
  readonly #leader: Leader;
  #taken = 0;
  #underWay: Promise<void> = Promise.resolve();

  constructor(leadership: Leadership, leader: Leader) {
    this.#leadership = leadership;
    this.#leader = leader;
  }

  /** After each command. Throws if another leader may have taken over, in this process too: what this one knows is old then. */
  async after({ durable }: Written): Promise<void> {
    this.#taken += 1;
    if (this.#taken % BATCH !== 0) return;
    await this.#underWay;
    this.#underWay = durable;
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (this.#leadership.current() === this.#leader) return;
    throw new PlatformError(
      'outcome_unknown',
      'The scheduler lost the log for a moment. Try again with the same Idempotency-Key.',
      { retryAfterMs: 1_000 },
    );
  }
}
