// Page cursors: where the last page ended, opaque and checked.
import { createHash } from 'node:crypto';
import { badRequest } from './field.ts';
import type { Scalar } from './port.ts';

export interface Sort {
  readonly field: string;
  readonly descending: boolean;
}

/** The last document of a page: its value in the sort field and its id. */
export interface Position {
  readonly value: Scalar;
  readonly id: string;
}

const CHECK_LENGTH = 8;

/** A cursor of this collection and order. The check catches damage and mix-ups; a cursor gives no access to anything. */
export function encodeCursor(collection: string, sort: Sort, position: Position): string {
  const body = Buffer.from(JSON.stringify([sort.field, sort.descending ? 1 : 0, position.value, position.id]));
  return Buffer.concat([check(collection, body), body]).toString('base64url');
}

/** Throws `invalid_input` unless the cursor was made by `encodeCursor` for the same collection and order. */
export function decodeCursor(collection: string, sort: Sort, cursor: string): Position {
  const bytes = Buffer.from(cursor, 'base64url');
  const body = bytes.subarray(CHECK_LENGTH);
  // Decoding skips what is not base64url, so one position could have many spellings: only the canonical one passes.
  if (bytes.toString('base64url') !== cursor || !check(collection, body).equals(bytes.subarray(0, CHECK_LENGTH))) {
    throw badRequest('/cursor', 'is not a cursor of this list');
  }
  const [field, descending, value, id] = JSON.parse(body.toString()) as [string, 0 | 1, Scalar, string];
  if (field !== sort.field || (descending === 1) !== sort.descending) {
    throw badRequest('/cursor', 'belongs to another sort order');
  }
  return { value, id };
}

function check(collection: string, body: Buffer): Buffer {
  return createHash('sha256').update(`${collection}\n`).update(body).digest().subarray(0, CHECK_LENGTH);
}
