// Run times that were seen, by group: the newest of each, and of the groups those that were added to last. Pure.
import { Distribution } from './distribution.ts';

/** What is older says nothing that the newer ones don't. */
const MOST_SAMPLES = 32;
/** Each counts so much of the next newer one. */
const RECENCY = 0.9;
const MOST_GROUPS = 20_000;

export type SavedRuns = readonly (readonly [group: string, values: readonly number[]])[];

export interface Seen {
  readonly samples: number;
  readonly distribution: Distribution;
}

interface Group {
  /** Newest last. */
  readonly values: number[];
  /** Null: not reckoned since the newest came. */
  distribution: Distribution | null;
}

export class RunHistory {
  /** In the order in which they were added to. */
  readonly #groups = new Map<string, Group>();

  add(key: string, value: number): void {
    const group = this.#groups.get(key) ?? { values: [], distribution: null };
    group.values.push(value);
    if (group.values.length > MOST_SAMPLES) group.values.shift();
    group.distribution = null;
    this.#groups.delete(key);
    this.#groups.set(key, group);
    const [oldest] = this.#groups.keys();
    if (this.#groups.size > MOST_GROUPS && oldest !== undefined) this.#groups.delete(oldest);
  }

  /** Null where there are fewer than `least`. */
  seen(key: string, least: number): Seen | null {
    const group = this.#groups.get(key);
    if (!group || group.values.length < least) return null;
    group.distribution ??= Distribution.ofSamples(
      group.values.toReversed().map((ms, age) => ({ ms, weight: RECENCY ** age })),
    );
    return { samples: group.values.length, distribution: group.distribution };
  }

  /** `saved`: goes on from there. */
  constructor(saved: SavedRuns = []) {
    for (const [key, values] of saved) this.#groups.set(key, { values: [...values], distribution: null });
  }

  /** Plain data: equal where the same was added in the same order. */
  save(): SavedRuns {
    return [...this.#groups].map(([key, { values }]) => [key, [...values]]);
  }
}
