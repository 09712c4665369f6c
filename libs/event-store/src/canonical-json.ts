// One text for one value: JSON with sorted members, for hashes and digests.

/**
 * The canonical JSON of `value`: members sorted by UTF-16 code units, no white space, members that are `undefined` left out.
 * Throws a TypeError on what JSON can't hold exactly (non-finite numbers, functions, class instances).
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'number') return numberText(value);
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(',')}]`;
  if (isPlainObject(value)) return objectText(value);
  throw new TypeError(`A value of type ${typeof value} has no canonical JSON.`);
}

function numberText(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`The number ${value} has no canonical JSON.`);
  return JSON.stringify(value);
}

function objectText(value: Record<string, unknown>): string {
  const members = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`);
  return `{${members.join(',')}}`;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
