// Identifiers: random ones, and ones derived from what makes a command the same command.
import { ID_PREFIX, type IdKind } from '@baton/contracts';
import { createHmac, randomFillSync } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const LENGTH = 26;

/** A random id of an aggregate: `<prefix>_<26 base32 characters>`, 130 bits. */
export function newId(kind: IdKind): string {
  return idOf(kind, randomUnits());
}

const ID_BYTES = 17;
const pool = new Uint8Array(ID_BYTES * 256);
let used = pool.length;

/** Random bytes, fetched for many ids at once: a call of its own for each costs ten times as much. */
function randomUnits(): Uint8Array {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += ID_BYTES;
  return pool.subarray(used - ID_BYTES, used);
}

/** The id that the same secret and parts always give; nobody without the secret can tell it or go back to the parts. */
export function deriveId(kind: IdKind, secret: string, ...parts: readonly string[]): string {
  return idOf(
    kind,
    createHmac('sha256', secret)
      .update(canonicalJson([kind, ...parts]))
      .digest(),
  );
}

function idOf(kind: IdKind, bytes: Uint8Array): string {
  return `${ID_PREFIX[kind]}_${base32(bytes).slice(0, LENGTH)}`;
}

function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(value >>> (bits - 5)) & 31] ?? '';
    value &= (1 << bits) - 1;
  }
  return text;
}
