// Documents as MongoDB takes them: keys without dots, which it reads as paths, and no list in a list (FerretDB refuses those).

const SPECIAL = /[.$%]/;
/** Stands for a list that is an item of another. No encoded key reads so: a % of theirs is followed by two digits. */
const LIST = '%list';

/** A copy that can be stored; members without a value are left out. */
export function encodeDocument(document: unknown): unknown {
  return encode(JSON.parse(JSON.stringify(document)));
}

export function decodeDocument(stored: unknown): unknown {
  if (Array.isArray(stored)) return stored.map(decodeDocument);
  if (typeof stored !== 'object' || stored === null) return stored;
  if (LIST in stored) return decodeDocument(stored[LIST]);
  return mapMembers(stored, (key) => (key.includes('%') ? decodeURIComponent(key) : key), decodeDocument);
}

function encode(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => (Array.isArray(item) ? { [LIST]: encode(item) } : encode(item)));
  return typeof value === 'object' && value !== null ? mapMembers(value, encodeKey, encode) : value;
}

function encodeKey(key: string): string {
  if (!SPECIAL.test(key)) return key;
  return key.replaceAll('%', '%25').replaceAll('.', '%2E').replaceAll('$', '%24');
}

function mapMembers(from: object, key: (name: string) => string, value: (member: unknown) => unknown): unknown {
  return Object.fromEntries(Object.entries(from).map(([name, member]) => [key(name), value(member)]));
}
