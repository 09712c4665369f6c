// Filters and segments as MongoDB queries over the member `doc`.
import type { Sort } from '../cursor.ts';
import type { Segment } from '../paging.ts';
import type { Filter } from '../port.ts';

export type Query = Readonly<Record<string, unknown>>;

/** A field's path in the stored record. */
export function path(field: string): string {
  return field === 'id' ? '_id' : `doc.${field}`;
}

export function filterQuery(filter: Filter): Query {
  return allOf(Object.entries(filter).map(([field, wanted]) => ({ [path(field)]: memberQuery(wanted) })));
}

/** Holds if any of the filters does; an empty list always holds. */
export function anyOfQuery(filters: readonly Filter[]): Query {
  return filters.length === 0 ? {} : { $or: filters.map(filterQuery) };
}

export function segmentQuery(segment: Segment, sort: Sort): Query {
  const field = path(sort.field);
  const beyond = sort.descending ? '$lt' : '$gt';
  switch (segment.kind) {
    case 'all':
      return {};
    case 'null':
      return { [field]: { $eq: null } };
    case 'not-null':
      return { [field]: { $ne: null } };
    case 'null-after':
      return allOf([{ [field]: { $eq: null } }, { _id: { [beyond]: segment.id } }]);
    case 'after':
      return {
        $or: [
          { [field]: { [beyond]: segment.value } },
          allOf([{ [field]: { $eq: segment.value } }, { _id: { [beyond]: segment.id } }]),
        ],
      };
  }
}

export function allOf(parts: readonly Query[]): Query {
  const real = parts.filter((part) => Object.keys(part).length > 0);
  if (real.length === 0) return {};
  return real.length === 1 && real[0] !== undefined ? real[0] : { $and: real };
}

function memberQuery(wanted: Filter[string]): Query {
  if (typeof wanted !== 'object' || wanted === null) return { $eq: wanted };
  return 'in' in wanted ? { $in: wanted.in } : { $ne: wanted.ne };
}
