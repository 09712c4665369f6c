// Passwords by argon2id (19 MiB, 2 passes, 1 lane: OWASP's first choice), as PHC strings, off the event loop.
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { PlatformError } from '@baton/errors';
import type { PasswordHasher } from '../app/ports.ts';

const derive = promisify(argon2);
const COST = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const PHC = /^\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

interface Parsed {
  readonly cost: { readonly memory: number; readonly passes: number; readonly parallelism: number };
  readonly salt: Buffer;
  readonly hash: Buffer;
}

export function formatPhc({ cost, salt, hash }: Parsed): string {
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${unpadded(salt)}$${unpadded(hash)}`;
}

export function parsePhc(phc: string): Parsed | null {
  const [, memory, passes, parallelism, salt, hash] = PHC.exec(phc) ?? [];
  if (salt === undefined || hash === undefined) return null;
  const cost = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  return { cost, salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') };
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}

/** Each hash takes 19 MiB and a thread of the pool that files share: few run at once, and the queue is bounded. */
export class Argon2Hasher implements PasswordHasher {
  readonly #runsMax: number;
  readonly #queueMax: number;
  #running = 0;
  readonly #queue: (() => void)[] = [];
  /** What an unknown account is checked against. */
  readonly #nobody: Parsed = { cost: COST, salt: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES) };

  constructor(runsMax = 2, queueMax = 64) {
    this.#runsMax = runsMax;
    this.#queueMax = queueMax;
  }

  async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES);
    return formatPhc({
      cost: COST,
      salt,
      hash: await this.#derive(password, { cost: COST, salt, hash: Buffer.alloc(HASH_BYTES) }),
    });
  }

  async verify(password: string, phc: string | null): Promise<boolean> {
    const known = phc === null ? this.#nobody : parsePhc(phc);
    if (!known) throw new Error('a stored password hash is no argon2id PHC string');
    const isSame = timingSafeEqual(await this.#derive(password, known), known.hash);
    return isSame && phc !== null;
  }

  async #derive(password: string, { cost, salt, hash }: Parsed): Promise<Buffer> {
    await this.#turn();
    try {
      // One form for what looks the same: keyboards differ in how they compose accents.
      return await derive('argon2id', {
        message: password.normalize('NFKC'),
        nonce: salt,
        tagLength: hash.length,
        ...cost,
      });
    } finally {
      this.#release();
    }
  }

  async #turn(): Promise<void> {
    if (this.#running < this.#runsMax) {
      this.#running += 1;
      return;
    }
    if (this.#queue.length >= this.#queueMax) {
      throw new PlatformError('unavailable', 'Too many people log in at this moment. Try again in a few seconds.', {
        retryAfterMs: 3_000,
      });
    }
    await new Promise<void>((resolve) => this.#queue.push(resolve));
  }

  /** The place goes to the next in the queue, if there is one. */
  #release(): void {
    const next = this.#queue.shift();
    if (next) next();
    else this.#running -= 1;
  }
}
