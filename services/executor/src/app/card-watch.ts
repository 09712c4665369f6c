// Looks from time to time whether an attempt that waits for its cards computes on one already; not at all while none waits.
import type { CardUser } from '../domain/card-users.ts';
import { type AttemptKey, attemptName, type ProcessIdentity } from '../domain/journal.ts';

export interface CardUsers {
  /** The processes that are on cards. Never rejects; none where there is nobody to ask. */
  now(): Promise<readonly CardUser[]>;
}

export interface CardWatchParts {
  readonly users: CardUsers;
  /** The processes of an attempt. */
  readonly members: (key: AttemptKey, identity: ProcessIdentity) => readonly number[];
  readonly everyMs: number;
}

interface Waiting {
  readonly key: AttemptKey;
  readonly identity: ProcessIdentity;
  readonly onSeen: (user: CardUser) => void;
}

export class CardWatch {
  readonly #parts: CardWatchParts;
  readonly #waiting = new Map<string, Waiting>();
  #timer: NodeJS.Timeout | null = null;

  constructor(parts: CardWatchParts) {
    this.#parts = parts;
  }

  /** Until the function that it gives is called: what was seen is told no more from then on. */
  watch(waiting: Waiting): () => void {
    const name = attemptName(waiting.key);
    this.#waiting.set(name, waiting);
    this.#timer ??= setTimeout(() => void this.#round(), this.#parts.everyMs);
    return () => {
      if (this.#waiting.get(name) === waiting) this.#waiting.delete(name);
      if (this.#waiting.size > 0 || this.#timer === null) return;
      clearTimeout(this.#timer);
      this.#timer = null;
    };
  }

  async #round(): Promise<void> {
    const { users, everyMs } = this.#parts;
    const found = await users.now();
    if (found.length > 0) for (const one of this.#waiting.values()) this.#compare(one, found);
    // From the end of one round: a driver that hangs is not asked again meanwhile.
    this.#timer = this.#waiting.size === 0 ? null : setTimeout(() => void this.#round(), everyMs);
  }

  #compare({ key, identity, onSeen }: Waiting, found: readonly CardUser[]): void {
    const members = new Set(this.#parts.members(key, identity));
    const user = found.find(({ pid }) => members.has(pid));
    if (user) onSeen(user);
  }
}
