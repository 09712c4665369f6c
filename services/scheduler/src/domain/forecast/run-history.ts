// Run times that were seen, by group: the newest of each, and of the groups those that were added to last. Pure.
import { Distribution } from './distribution.ts';

/** What is older says nothing that the newer ones don't. */
const MOST_SAMPLES = 32;
/** Each counts so much of the next newer one. */
const RECENCY = 0.9;
const MOST_GROUPS = 20_000;
/** So many more are let in before the oldest are looked for: all of them have to be looked at. */
const GROUPS_TOO_MANY = 5_000;

export type SavedRuns = readonly (readonly [group: number, values: readonly number[]])[];

export interface Seen {
  readonly samples: number;
  readonly distribution: Distribution;
}

interface Group {
  /** Newest last. */
  readonly values: number[];
  /** The higher, the later it was added to. */
  addedAt: number;
  /** Null: not reckoned since the newest came. */
  distribution: Distribution | null;
}

export class RunHistory {
  readonly #groups = new Map<number, Group>();
  #additions = 0;

  /** The order is kept by number: taking a group out of a map and putting it back each time is what a fold would be busy with. */
  add(key: number, value: number): void {
    this.#additions += 1;
    const group = this.#groups.get(key);
    if (group === undefined) {
      this.#groups.set(key, { values: [value], distribution: null, addedAt: this.#additions });
      if (this.#groups.size > MOST_GROUPS + GROUPS_TOO_MANY) this.#forgetOldest();
      return;
    }
    group.values.push(value);
    if (group.values.length > MOST_SAMPLES) group.values.shift();
    group.distribution = null;
    group.addedAt = this.#additions;
  }

  #forgetOldest(): void {
    for (const [key] of this.#fromOldest().slice(0, this.#groups.size - MOST_GROUPS)) this.#groups.delete(key);
  }

  #fromOldest(): [number, Group][] {
    return [...this.#groups].toSorted(([, one], [, other]) => one.addedAt - other.addedAt);
  }

  /** Null where there are fewer than `least`. */
  seen(key: number, least: number): Seen | null {
    const group = this.#groups.get(key);
    if (!group || group.values.length < least) return null;
    group.distribution ??= Distribution.ofSamples(
      group.values.toReversed().map((ms, age) => ({ ms, weight: RECENCY ** age })),
    );
    return { samples: group.values.length, distribution: group.distribution };
  }

  /** `saved`: goes on from there. */
  constructor(saved: SavedRuns = []) {
    for (const [key, values] of saved) {
      this.#additions += 1;
      this.#groups.set(key, { values: [...values], distribution: null, addedAt: this.#additions });
    }
  }

  /** Plain data: equal where the same was added in the same order. */
  save(): SavedRuns {
    return this.#fromOldest().map(([key, { values }]) => [key, [...values]]);
  }
}
