// Content on its way into a store: counted, hashed and checked while it passes.
import { createHash } from 'node:crypto';
import { PlatformError } from '@baton/errors';
import { mismatch, tooLarge } from './failure.ts';
import type { ByteRange, PutOptions, StoredBlob } from './port.ts';

const DIGEST = /^[0-9a-f]{64}$/;

/** Digests become file names: nothing else may pass. */
export function checkDigest(digest: string): void {
  if (!DIGEST.test(digest)) throw new PlatformError('invalid_input', 'A digest is 64 lower-case hexadecimal digits.');
}

/** Hashes each chunk while `write` stores it; throws as soon as the content breaks a promise of `options`. */
export async function measure(
  content: AsyncIterable<Uint8Array> | Uint8Array,
  options: PutOptions,
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<StoredBlob> {
  const { digest: expected, maxBytes = Number.POSITIVE_INFINITY, signal } = options;
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of content instanceof Uint8Array ? [content] : content) {
    signal?.throwIfAborted();
    sizeBytes += chunk.byteLength;
    if (sizeBytes > maxBytes) throw tooLarge(maxBytes);
    const written = write(chunk);
    hash.update(chunk);
    await written;
  }
  signal?.throwIfAborted();
  const digest = hash.digest('hex');
  if (expected !== undefined && digest !== expected) throw mismatch(expected, digest);
  return { digest, sizeBytes };
}

/** The part of `range` that the content has. */
export function clip(range: ByteRange | undefined, sizeBytes: number): ByteRange {
  if (range === undefined) return { start: 0, end: sizeBytes - 1 };
  const { start, end } = range;
  const whole = Number.isInteger(start) && Number.isInteger(end);
  if (!whole || start < 0 || end < start || start >= sizeBytes) {
    throw new PlatformError('range_not_satisfiable', `There are no bytes ${start}-${end} in ${sizeBytes} bytes.`);
  }
  return { start, end: Math.min(end, sizeBytes - 1) };
}
