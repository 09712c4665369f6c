// What the port promises, as plain code over an array: the yardstick of the property test.
import type { Sort } from '../cursor.ts';
import { valueAt } from '../field.ts';
import type { Document, Filter, PageRequest, Scalar } from '../port.ts';

export function expectedOrder<D extends Document>(documents: readonly D[], request: PageRequest): D[] {
  const { anyOf, filter = {}, sort = { field: 'createdAt', descending: true } } = request;
  return documents
    .filter((document) => holds(document, filter))
    .filter((document) => anyOf.length === 0 || anyOf.some((alternative) => holds(document, alternative)))
    .toSorted((a, b) => compareBy(sort, a, b));
}

export function holds(document: Document, filter: Filter): boolean {
  return Object.entries(filter).every(([field, wanted]) => {
    const value = valueAt(document, field) ?? null;
    if (typeof wanted !== 'object' || wanted === null) return matches(value, wanted);
    if ('in' in wanted) return wanted.in.some((scalar) => matches(value, scalar));
    return !matches(value, wanted.ne);
  });
}

function matches(value: unknown, scalar: Scalar): boolean {
  return Array.isArray(value) ? value.includes(scalar) : value === scalar;
}

function compareBy(sort: Sort, a: Document, b: Document): number {
  const order = compare(valueAt(a, sort.field) ?? null, valueAt(b, sort.field) ?? null) || compare(a.id, b.id);
  return sort.descending ? -order : order;
}

/** Null first, then by value; strings by their UTF-8 bytes. */
function compare(a: unknown, b: unknown): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? -1 : 1;
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return Number(a) < Number(b) ? -1 : 1;
}
