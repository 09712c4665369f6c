// The newest of many numbers, with their order at hand. Pure.

export class NewestValues {
  readonly #most: number;
  /** The newest last, from the start again where it is full. */
  readonly #values: Float64Array;
  readonly #sorted: Float64Array;
  #count = 0;
  /** Where the next one goes: the oldest stands there where it is full. */
  #next = 0;

  constructor(most: number, values: readonly number[] = []) {
    this.#most = most;
    this.#values = new Float64Array(most);
    this.#sorted = new Float64Array(most);
    for (const value of values) this.push(value);
  }

  get count(): number {
    return this.#count;
  }

  push(value: number): void {
    if (this.#count === this.#most) this.#takeOut(this.#values[this.#next] ?? 0);
    const place = this.#placeOf(value);
    this.#sorted.copyWithin(place + 1, place, this.#count);
    this.#sorted[place] = value;
    this.#count += 1;
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % this.#most;
  }

  #takeOut(oldest: number): void {
    const place = this.#placeOf(oldest);
    this.#sorted.copyWithin(place, place + 1, this.#count);
    this.#count -= 1;
  }

  /** Such that one more lies at or below it with that chance; 0 where there are none. */
  quantile(share: number): number {
    const last = this.#count - 1;
    const place = Math.ceil((this.#count + 1) * share) - 1;
    return last < 0 ? 0 : (this.#sorted[Math.min(last, Math.max(0, place))] ?? 0);
  }

  /** From the oldest to the newest. */
  save(): number[] {
    if (this.#count < this.#most) return [...this.#values.subarray(0, this.#count)];
    return [...this.#values.subarray(this.#next), ...this.#values.subarray(0, this.#next)];
  }

  /** Of the first that is not smaller. */
  #placeOf(value: number): number {
    let [from, to] = [0, this.#count];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#sorted[middle] ?? 0) < value) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
