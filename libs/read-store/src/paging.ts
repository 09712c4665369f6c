// Keyset paging, the same for every adapter: a checked request, read in segments that an index can answer each.
import { decodeCursor, encodeCursor, type Position, type Sort } from './cursor.ts';
import { badRequest, checkField, scalarAt } from './field.ts';
import type { Document, Filter, Page, PageRequest, Scalar } from './port.ts';

const DEFAULT_SORT: Sort = { field: 'createdAt', descending: true };
const MAX_LIMIT = 1000;

/** A stretch of the order. Nulls (and missing values) come first ascending, last descending. */
export type Segment =
  | { readonly kind: 'all' }
  | { readonly kind: 'not-null' }
  | { readonly kind: 'null' }
  | { readonly kind: 'null-after'; readonly id: string }
  | { readonly kind: 'after'; readonly value: Exclude<Scalar, null>; readonly id: string };

export interface PageQuery {
  readonly collection: string;
  /** All must hold; each is a list of alternatives. */
  readonly anyOf: readonly Filter[];
  readonly filter: Filter;
  readonly sort: Sort;
  readonly limit: number;
  readonly segments: readonly Segment[];
}

/** Every field that documents can be sorted by: the indexed ones, `createdAt` and `id`. */
export function sortableFields(indexes: readonly (readonly string[])[]): ReadonlySet<string> {
  return new Set(['id', 'createdAt', ...indexes.flat()]);
}

/** The request with its defaults, or `invalid_input`. */
export function compilePage(collection: string, sortable: ReadonlySet<string>, request: PageRequest): PageQuery {
  const { anyOf, filter = {}, sort = DEFAULT_SORT, limit, cursor } = request;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw badRequest('/limit', `must be a whole number from 1 to ${MAX_LIMIT}`);
  }
  if (!sortable.has(sort.field)) throw badRequest('/sort', `can not be "${sort.field}"`);
  checkFilter(filter, '/filter');
  anyOf.forEach((alternative, index) => checkFilter(alternative, `/anyOf/${index}`));
  const after = cursor === undefined ? null : decodeCursor(collection, sort, cursor);
  return { collection, anyOf, filter, sort, limit, segments: segmentsAfter(sort, after) };
}

/** Throws `invalid_input` for a filter on something that is not a field. */
export function checkFilter(filter: Filter, pointer: string): void {
  for (const field of Object.keys(filter)) checkField(field, `${pointer}/${field}`);
}

/** Reads segment after segment until the page is full; one document more tells whether there is a next page. */
export async function readPage<D extends Document>(
  query: PageQuery,
  fetch: (segment: Segment, limit: number) => D[] | Promise<D[]>,
): Promise<Page<D>> {
  const found: D[] = [];
  for (const segment of query.segments) {
    if (found.length <= query.limit) found.push(...(await fetch(segment, query.limit + 1 - found.length)));
  }
  const items = found.slice(0, query.limit);
  const last = items.at(-1);
  if (last === undefined || found.length <= query.limit) return { items, nextCursor: null };
  const position = { value: scalarAt(last, query.sort.field), id: last.id };
  return { items, nextCursor: encodeCursor(query.collection, query.sort, position) };
}

function segmentsAfter(sort: Sort, after: Position | null): Segment[] {
  if (after === null) return [{ kind: 'all' }];
  const { value, id } = after;
  if (value === null) {
    const rest: Segment = { kind: 'null-after', id };
    return sort.descending ? [rest] : [rest, { kind: 'not-null' }];
  }
  const rest: Segment = { kind: 'after', value, id };
  return sort.descending ? [rest, { kind: 'null' }] : [rest];
}
