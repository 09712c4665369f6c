// A long series as few points that show the same curve: of each stretch its lowest and its highest, and the first and the last of all.

interface Entry<T> {
  readonly item: T;
  readonly index: number;
  readonly value: number;
}
interface Bucket<T> {
  readonly lowest: Entry<T>;
  readonly highest: Entry<T>;
}

/** Memory is bounded by the points asked for, not by the series: stretches grow twice as long whenever there are too many. */
export class ThinSeries<T> {
  readonly #maxPoints: number;
  readonly #maxBuckets: number;
  #first: Entry<T> | undefined;
  #last: Entry<T> | undefined;
  /** All, as long as they are few enough. */
  #all: Entry<T>[] | null = [];
  #buckets: Bucket<T>[] = [];
  #bucketLength = 1;
  #count = 0;

  /** `maxPoints` from 1. */
  constructor(maxPoints: number) {
    this.#maxPoints = maxPoints;
    this.#maxBuckets = Math.floor((maxPoints - 2) / 2);
  }

  get count(): number {
    return this.#count;
  }

  add(item: T, value: number): void {
    const entry = { item, index: this.#count, value };
    this.#count += 1;
    this.#first ??= entry;
    this.#last = entry;
    if (this.#all && this.#all.length < this.#maxPoints) this.#all.push(entry);
    else {
      for (const one of this.#all ?? []) this.#put(one);
      this.#all = null;
      this.#put(entry);
    }
  }

  /** At most `maxPoints`, in order. */
  items(): T[] {
    if (this.#all) return this.#all.map(({ item }) => item);
    const ends = this.#maxPoints === 1 ? [this.#last] : [this.#first, this.#last];
    const chosen = [...ends, ...this.#buckets.flatMap(({ lowest, highest }) => [lowest, highest])];
    const distinct = new Map(chosen.flatMap((entry) => (entry ? [[entry.index, entry.item] as const] : [])));
    return [...distinct].toSorted(([a], [b]) => a - b).map(([, item]) => item);
  }

  #put(entry: Entry<T>): void {
    if (this.#maxBuckets < 1) return;
    const place = Math.floor(entry.index / this.#bucketLength);
    const bucket = this.#buckets[place];
    if (bucket) this.#buckets[place] = joined(bucket, { lowest: entry, highest: entry });
    else if (place < this.#maxBuckets) this.#buckets.push({ lowest: entry, highest: entry });
    else {
      this.#halve();
      this.#put(entry);
    }
  }

  #halve(): void {
    this.#bucketLength *= 2;
    this.#buckets = this.#buckets.flatMap((bucket, index) => {
      if (index % 2 === 1) return [];
      const neighbour = this.#buckets[index + 1];
      return [neighbour ? joined(bucket, neighbour) : bucket];
    });
  }
}

function joined<T>(a: Bucket<T>, b: Bucket<T>): Bucket<T> {
  return {
    lowest: b.lowest.value < a.lowest.value ? b.lowest : a.lowest,
    highest: b.highest.value > a.highest.value ? b.highest : a.highest,
  };
}
