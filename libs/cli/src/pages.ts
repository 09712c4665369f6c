// Lists page by page, as far as they are wanted.
import type { Page, Query } from '@baton/sdk';

const PAGE = 1_000;

/** The first `limit` items; all of them if it is undefined. */
export async function listItems<T>(
  list: (query: Query) => Promise<Page<T>>,
  query: Query = {},
  limit = Number.POSITIVE_INFINITY,
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  while (items.length < limit) {
    const page = await list({
      ...query,
      limit: Math.min(PAGE, limit - items.length),
      ...(cursor === undefined ? {} : { cursor }),
    });
    items.push(...page.items);
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  return items;
}
