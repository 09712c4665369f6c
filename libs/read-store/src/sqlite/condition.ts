// Filters and segments as SQL conditions over the JSON in column `doc`.
import type { Sort } from '../cursor.ts';
import type { Segment } from '../paging.ts';
import type { Filter, Scalar } from '../port.ts';

export interface Sql {
  readonly text: string;
  readonly values: readonly string[];
}

const NOTHING: Sql = { text: 'FALSE', values: [] };

/** Values are bound as JSON, so that a number is parsed by the same code on both sides of a comparison. */
const VALUE = `json_extract(?, '$')`;

/** JSON types of a JavaScript type: json_extract alone takes true for 1 and a list for its text. */
const TYPES = { string: `= 'text'`, number: `IN ('integer', 'real')`, boolean: `IN ('true', 'false')` } as const;

/** A field's value in SQL; indexes are made on the very same text. */
export function expression(field: string): string {
  return field === 'id' ? 'id' : `json_extract(doc, ${path(field)})`;
}

/** `filter` as a condition. Fields in `scalars` hold no list in any document: an index then answers alone. */
export function filterSql(filter: Filter, scalars: ReadonlySet<string>): Sql {
  const parts = Object.entries(filter).map(([field, wanted]) => memberSql(field, wanted, scalars.has(field)));
  return all(parts);
}

/** Holds if any of the filters does; an empty list always holds. */
export function anyOfSql(filters: readonly Filter[], scalars: ReadonlySet<string>): Sql {
  if (filters.length === 0) return all([]);
  return any(filters.map((filter) => filterSql(filter, scalars)));
}

export function segmentSql(segment: Segment, sort: Sort): Sql {
  const field = expression(sort.field);
  const beyond = sort.descending ? '<' : '>';
  switch (segment.kind) {
    case 'all':
      return all([]);
    case 'null':
      return { text: `${field} IS NULL`, values: [] };
    case 'not-null':
      return { text: `${field} IS NOT NULL`, values: [] };
    case 'null-after':
      return { text: `${field} IS NULL AND id ${beyond} ?`, values: [segment.id] };
    case 'after': {
      // The first half says nothing new, but SQLite finds no range of an expression index in a pair.
      const value = JSON.stringify(segment.value);
      const text = `${field} ${beyond}= ${VALUE} AND (${field}, id) ${beyond} (${VALUE}, ?)`;
      return { text, values: [value, value, segment.id] };
    }
  }
}

export function all(parts: readonly Sql[]): Sql {
  return parts.length === 0 ? { text: 'TRUE', values: [] } : join(parts, ' AND ');
}

function any(parts: readonly Sql[]): Sql {
  return parts.length === 0 ? NOTHING : join(parts, ' OR ');
}

function memberSql(field: string, wanted: Filter[string], isScalar: boolean): Sql {
  if (typeof wanted !== 'object' || wanted === null) return matches(field, [wanted], isScalar);
  if ('in' in wanted) return matches(field, wanted.in, isScalar);
  const equal = matches(field, [wanted.ne], isScalar);
  return { text: `(${equal.text}) IS NOT TRUE`, values: equal.values };
}

function matches(field: string, wanted: readonly Scalar[], isScalar: boolean): Sql {
  const jsonType = `json_type(doc, ${path(field)})`;
  const whole = oneOf(wanted, expression(field), jsonType, `${expression(field)} IS NULL`);
  if (isScalar) return whole;
  const item = oneOf(wanted, 'item.value', 'item.type', `item.type = 'null'`);
  const list = `${jsonType} = 'array' AND EXISTS (SELECT 1 FROM json_each(doc, ${path(field)}) AS item WHERE ${item.text})`;
  return any([whole, { text: list, values: item.values }]);
}

function oneOf(wanted: readonly Scalar[], value: string, type: string, isNull: string): Sql {
  const parts: Sql[] = wanted.includes(null) ? [{ text: isNull, values: [] }] : [];
  for (const [name, types] of Object.entries(TYPES)) {
    const same = wanted.filter((scalar) => typeof scalar === name);
    if (same.length === 0) continue;
    const list = same.map(() => VALUE).join(', ');
    const values = same.map((scalar) => JSON.stringify(scalar));
    parts.push({ text: `${value} IN (${list}) AND ${type} ${types}`, values });
  }
  return any(parts);
}

function join(parts: readonly Sql[], operator: string): Sql {
  return {
    text: parts.map((part) => (parts.length > 1 ? `(${part.text})` : part.text)).join(operator),
    values: parts.flatMap((part) => part.values),
  };
}

/** Field names are checked before (`checkField`): they hold no quote. */
function path(field: string): string {
  return `'$.${field
    .split('.')
    .map((name) => `"${name}"`)
    .join('.')}'`;
}
