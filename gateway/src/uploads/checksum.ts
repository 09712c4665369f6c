// tus checksum extension: `Upload-Checksum: <algorithm> <base64 digest>` of one request's bytes.
import { createHash, type Hash, timingSafeEqual } from 'node:crypto';
import { PlatformError } from '@baton/errors';

export const CHECKSUM_ALGORITHMS = ['sha1', 'sha256'] as const;

export interface Checksum {
  readonly algorithm: (typeof CHECKSUM_ALGORITHMS)[number];
  readonly digest: Buffer;
}

/** "If the algorithm is not supported, the server MUST respond with 400". */
export function parseChecksum(header: string | undefined): Checksum | null {
  if (header === undefined) return null;
  const [name, encoded, ...rest] = header.trim().split(/ +/);
  const algorithm = CHECKSUM_ALGORITHMS.find((candidate) => candidate === name);
  if (!algorithm || encoded === undefined || rest.length > 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) {
    throw new PlatformError(
      'invalid_input',
      `Upload-Checksum is to read "<algorithm> <base64>", with one of ${CHECKSUM_ALGORITHMS.join(', ')}.`,
    );
  }
  return { algorithm, digest: Buffer.from(encoded, 'base64') };
}

export class ChecksumCheck {
  readonly #expected: Buffer;
  readonly #hash: Hash;

  constructor(checksum: Checksum) {
    this.#expected = checksum.digest;
    this.#hash = createHash(checksum.algorithm);
  }

  update(chunk: Uint8Array): void {
    this.#hash.update(chunk);
  }

  matches(): boolean {
    const found = this.#hash.digest();
    return found.length === this.#expected.length && timingSafeEqual(found, this.#expected);
  }
}
