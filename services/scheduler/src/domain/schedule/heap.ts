// A binary heap whose top may change its place: the least of many, again and again.

export class Heap<T> {
  readonly #items: T[];
  readonly #compare: (a: T, b: T) => number;

  constructor(items: T[], compare: (a: T, b: T) => number) {
    this.#items = items;
    this.#compare = compare;
    for (let index = (items.length >> 1) - 1; index >= 0; index -= 1) this.#sink(index);
  }

  get top(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    let index = this.#items.length;
    this.#items.push(item);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = this.#items[parent];
      if (above === undefined || this.#compare(above, item) <= 0) break;
      this.#items[index] = above;
      index = parent;
    }
    this.#items[index] = item;
  }

  /** To be called after the top has moved back in the order. */
  settleTop(): void {
    this.#sink(0);
  }

  dropTop(): void {
    const last = this.#items.pop();
    if (last === undefined || this.#items.length === 0) return;
    this.#items[0] = last;
    this.#sink(0);
  }

  #sink(from: number): void {
    const items = this.#items;
    const item = items[from];
    if (item === undefined) return;
    let index = from;
    for (;;) {
      const child = this.#lesserChild(index);
      const below = items[child];
      if (below === undefined || this.#compare(item, below) <= 0) break;
      items[index] = below;
      index = child;
    }
    items[index] = item;
  }

  #lesserChild(index: number): number {
    const left = 2 * index + 1;
    const [a, b] = [this.#items[left], this.#items[left + 1]];
    return a !== undefined && b !== undefined && this.#compare(b, a) < 0 ? left + 1 : left;
  }
}
