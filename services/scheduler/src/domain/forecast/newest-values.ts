// The newest of many numbers, with their order at hand. Pure.

export class NewestValues {
  /** Newest last. */
  readonly #values: number[];
  readonly #sorted: number[];
  readonly #most: number;

  constructor(most: number, values: readonly number[] = []) {
    this.#most = most;
    this.#values = [...values];
    this.#sorted = values.toSorted((a, b) => a - b);
  }

  get count(): number {
    return this.#values.length;
  }

  push(value: number): void {
    this.#values.push(value);
    this.#sorted.splice(this.#placeOf(value), 0, value);
    if (this.#values.length <= this.#most) return;
    const oldest = this.#values.shift();
    if (oldest !== undefined) this.#sorted.splice(this.#placeOf(oldest), 1);
  }

  /** Such that one more lies at or below it with that chance; 0 where there are none. */
  quantile(share: number): number {
    const last = this.#sorted.length - 1;
    const place = Math.ceil((this.#sorted.length + 1) * share) - 1;
    return this.#sorted[Math.min(last, Math.max(0, place))] ?? 0;
  }

  save(): number[] {
    return [...this.#values];
  }

  /** Of the first that is not smaller. */
  #placeOf(value: number): number {
    let [from, to] = [0, this.#sorted.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#sorted[middle] ?? 0) < value) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
