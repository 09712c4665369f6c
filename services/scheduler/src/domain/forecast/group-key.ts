// Short keys for long descriptions: a group is found by what its jobs have in common, which may be whole command lines. Pure.

export type KeyPart = string | number | null | readonly KeyPart[];

/** 53 bits of what was said, in its order (Bryc's cyrb53): of a million groups, two are mixed up with a chance of 1 in 18,000. */
export function groupKey(...parts: readonly KeyPart[]): number {
  const mixing = new Mixing();
  for (const part of parts) mixing.add(part);
  return mixing.end();
}

/** What stands before a part, so that no two descriptions are the same row of numbers. */
const NOTHING = -1;
const LIST = -2;
const NUMBER = -3;

/** A class with two numbers, as each job that is submitted, and each in a log that is read, has its keys made. */
class Mixing {
  #high = 0xdeadbeef | 0;
  #low = 0x41c6ce57 | 0;

  add(part: KeyPart): void {
    if (typeof part === 'string') this.#text(part);
    else if (part === null) this.#mix(NOTHING);
    else if (typeof part === 'number') {
      this.#mix(NUMBER);
      this.#text(String(part));
    } else {
      this.#mix(LIST);
      this.#mix(part.length);
      for (const item of part) this.add(item);
    }
  }

  #text(text: string): void {
    this.#mix(text.length);
    let [high, low] = [this.#high, this.#low];
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      high = Math.imul(high ^ code, 0x9e3779b1);
      low = Math.imul(low ^ code, 0x5f356495);
    }
    this.#high = high;
    this.#low = low;
  }

  #mix(code: number): void {
    this.#high = Math.imul(this.#high ^ code, 0x9e3779b1);
    this.#low = Math.imul(this.#low ^ code, 0x5f356495);
  }

  end(): number {
    let [high, low] = [this.#high, this.#low];
    high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
    low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
    return 2 ** 32 * (low & 0x1fffff) + (high >>> 0);
  }
}
