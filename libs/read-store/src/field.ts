// Fields of documents: their names (`a` or `a.b`) and their values.
import { PlatformError } from '@baton/errors';
import type { Document, Scalar } from './port.ts';

const FIELD = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;

/** Throws `invalid_input` for what can't be a field's name: names go into queries as they are. */
export function checkField(field: string, pointer: string): void {
  if (!FIELD.test(field)) throw badRequest(pointer, `"${field}" is not a field`);
}

/** Names of collections become names of tables. They come from code, never from a request. */
export function checkCollectionName(name: string): void {
  if (/^[a-z][a-z0-9_-]{0,62}$/i.test(name)) return;
  throw new PlatformError('internal', 'The collection has an invalid name.', { detail: name });
}

/** The value at a field, undefined if there is none. Lists on the way are not entered. */
export function valueAt(document: Document, field: string): unknown {
  let value: unknown = document;
  for (const name of field.split('.')) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name))
      return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/** The value at a field that pages are sorted by: lists and objects have no place in an order and count as null. */
export function scalarAt(document: Document, field: string): Scalar {
  const value = valueAt(document, field);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

/** `invalid_input` about one member of a page request. */
export function badRequest(pointer: string, detail: string): PlatformError {
  return new PlatformError('invalid_input', `The request is not valid: ${pointer} ${detail}.`, {
    issues: [{ pointer, detail }],
  });
}
