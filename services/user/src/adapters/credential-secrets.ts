// The secret parts of tokens and invites: 256 bits, stored as a hash, compared in constant time.
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { CredentialSecrets } from '../app/ports.ts';
import { purposeKey } from './sealed-box.ts';

const SECRET_BYTES = 32;

export class HashedSecrets implements CredentialSecrets {
  readonly #derivingKey: Buffer;
  readonly #fingerprintKey: Buffer;

  constructor(installationSecret: string) {
    this.#derivingKey = purposeKey(installationSecret, 'baton credential secrets 1');
    this.#fingerprintKey = purposeKey(installationSecret, 'baton fingerprints 1');
  }

  random(): string {
    return randomBytes(SECRET_BYTES).toString('base64url');
  }

  derive(id: string): string {
    return createHmac('sha256', this.#derivingKey).update(id).digest('base64url');
  }

  /** No salt, no slow hash: the secret has 256 random bits. */
  hash(secret: string): string {
    return createHash('sha256').update(secret).digest('hex');
  }

  matches(secret: string, hash: string): boolean {
    const given = createHash('sha256').update(secret).digest();
    const known = Buffer.from(hash, 'hex');
    return known.length === given.length && timingSafeEqual(given, known);
  }

  fingerprint(value: string): string {
    return createHmac('sha256', this.#fingerprintKey).update(value).digest('hex');
  }
}
