// Secrets in output: each byte of them becomes '*', so that offsets stay what they were.

/** Shorter values would black out innocent output, and guessing them needs no log. */
const MIN_SECRET_BYTES = 4;
const MASK = 0x2a;

export class Redactor {
  readonly #secrets: readonly Buffer[];

  constructor(values: readonly string[]) {
    const distinct = [...new Set(values)].map((value) => Buffer.from(value, 'utf8'));
    this.#secrets = distinct.filter((value) => value.length >= MIN_SECRET_BYTES);
  }

  /** Length of the longest secret; 0 without any. */
  get longestBytes(): number {
    return this.#secrets.reduce((longest, secret) => Math.max(longest, secret.length), 0);
  }

  /** `bytes` with every whole secret masked; a copy if there is one. */
  redact(bytes: Buffer): Buffer {
    let masked = bytes;
    for (const secret of this.#secrets) {
      for (let at = bytes.indexOf(secret); at >= 0; at = bytes.indexOf(secret, at + 1)) {
        if (masked === bytes) masked = Buffer.from(bytes);
        masked.fill(MASK, at, at + secret.length);
      }
    }
    return masked;
  }

  redactText(text: string): string {
    return this.#secrets.length === 0 ? text : this.redact(Buffer.from(text, 'utf8')).toString('utf8');
  }

  /** How many of the last bytes may be the beginning of a secret that goes on in the next chunk. */
  heldBack(bytes: Buffer): number {
    return this.#secrets.reduce((most, secret) => Math.max(most, prefixAtEnd(bytes, secret)), 0);
  }
}

function prefixAtEnd(bytes: Buffer, secret: Buffer): number {
  for (let length = Math.min(secret.length - 1, bytes.length); length > 0; length -= 1) {
    if (bytes.subarray(bytes.length - length).equals(secret.subarray(0, length))) return length;
  }
  return 0;
}
