// What will happen, earliest first; at the same time in the order in which it was put in.
interface Entry<T> {
  readonly at: number;
  readonly order: number;
  readonly event: T;
}

export class EventHeap<T> {
  readonly #entries: Entry<T>[] = [];
  #order = 0;

  get nextAt(): number {
    return this.#entries[0]?.at ?? Infinity;
  }

  push(at: number, event: T): void {
    const entry = { at, order: (this.#order += 1), event };
    const entries = this.#entries;
    let index = entries.length;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = entries[parent];
      if (!above || !isBefore(entry, above)) break;
      entries[index] = above;
      index = parent;
    }
    entries[index] = entry;
  }

  /** The first, if its time has come. */
  popUntil(now: number): T | undefined {
    const first = this.#entries[0];
    if (!first || first.at > now) return undefined;
    const last = this.#entries.pop();
    if (last && last !== first) this.#sink(last);
    return first.event;
  }

  #sink(entry: Entry<T>): void {
    const entries = this.#entries;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const child = leastOf(entries, left, left + 1);
      const below = entries[child];
      if (!below || !isBefore(below, entry)) break;
      entries[index] = below;
      index = child;
    }
    entries[index] = entry;
  }
}

function leastOf<T>(entries: readonly Entry<T>[], left: number, right: number): number {
  const [a, b] = [entries[left], entries[right]];
  return a && b && isBefore(b, a) ? right : left;
}

function isBefore(a: Entry<unknown>, b: Entry<unknown>): boolean {
  return a.at === b.at ? a.order < b.order : a.at < b.at;
}
