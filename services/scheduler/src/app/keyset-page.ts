// Pages of a list that is held in memory, by a key that orders it.
export interface ListPage<T> {
  readonly items: T[];
  readonly nextCursor: string | null;
}

const DEFAULT_LIMIT = 100;

/** In ascending order of `keyOf`, which no two items share. */
export function keysetPage<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  { limit = DEFAULT_LIMIT, cursor }: { readonly limit?: number; readonly cursor?: string },
): ListPage<T> {
  const after = cursor === undefined ? '' : Buffer.from(cursor, 'base64url').toString();
  const left = items
    .map((item) => ({ item, key: keyOf(item) }))
    .filter(({ key }) => key > after)
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const shown = left.slice(0, limit);
  const last = shown.at(-1);
  const isLast = left.length <= limit || last === undefined;
  return {
    items: shown.map(({ item }) => item),
    nextCursor: isLast ? null : Buffer.from(last.key).toString('base64url'),
  };
}
