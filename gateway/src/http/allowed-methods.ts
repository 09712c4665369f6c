// Which methods a path knows: tells "no such thing" (404) from "not with that verb" (405 with Allow).
interface Entry {
  readonly pattern: RegExp;
  readonly method: string;
}

export class AllowedMethods {
  readonly #entries: Entry[] = [];

  /** `url` is a route's pattern, such as `/jobs/:id` or `/files/*`. */
  add(method: string, url: string): void {
    const source = url
      .split('/')
      .map((segment) => (segment === '*' ? '.+' : segment.startsWith(':') ? '[^/]+' : segment.replaceAll('.', '\\.')))
      .join('/');
    this.#entries.push({ pattern: new RegExp(`^${source}$`), method });
  }

  /** Sorted; empty if no route has the path. */
  of(path: string): string[] {
    const found = new Set<string>();
    for (const { pattern, method } of this.#entries) {
      if (!pattern.test(path)) continue;
      found.add(method);
      if (method === 'GET') found.add('HEAD');
    }
    return [...found].toSorted();
  }
}
