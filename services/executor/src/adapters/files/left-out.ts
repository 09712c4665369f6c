// What was left out and why, as one sentence of bounded length: a few names for each reason, and how many more.

const NAMED = 3;
const NAME_CHARS = 100;

interface Reason {
  /** The first ones by name. */
  names: string[];
  count: number;
}

export class LeftOut {
  readonly #reasons = new Map<string, Reason>();

  add(path: string, why: string): void {
    const reason = this.#reasons.get(why) ?? { names: [], count: 0 };
    reason.names = [...reason.names, path].toSorted().slice(0, NAMED);
    reason.count += 1;
    this.#reasons.set(why, reason);
  }

  /** `Beginning: "a", "b" and 3 more (why); "c" (why).` Null if there is nothing to say. */
  sentence(beginning: string): string | null {
    if (this.#reasons.size === 0) return null;
    const parts = [...this.#reasons]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([why, reason]) => partOf(why, reason));
    return `${beginning}: ${parts.join('; ')}.`;
  }
}

function partOf(why: string, { names, count }: Reason): string {
  const named = names.map((name) => JSON.stringify(name.slice(0, NAME_CHARS))).join(', ');
  return `${named}${count > names.length ? ` and ${count - names.length} more` : ''} (${why})`;
}
