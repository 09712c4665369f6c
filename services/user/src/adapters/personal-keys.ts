// Personal fields under a key per person: destroying the key's file erases the person from the whole log.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { PersonalField, PersonalFields } from '../app/ports.ts';
import { createDurably, readIfThere } from './durable-file.ts';
import { KEY_BYTES, open, purposeKey, seal } from './sealed-box.ts';

export const ERASED = '[erased]';
const USER_ID = /^usr_[a-z0-9]{26}$/;

/** Keys are read from disk each time: one that is destroyed while the service runs counts as gone at once. */
export class PersonalKeys implements PersonalFields {
  readonly #folder: string;
  readonly #wrappingKey: Buffer;

  constructor(keysFolder: string, installationSecret: string) {
    this.#folder = join(keysFolder, 'users');
    this.#wrappingKey = purposeKey(installationSecret, 'baton personal keys 1');
  }

  async seal(userId: string, field: PersonalField, text: string): Promise<string> {
    const key = (await this.#read(userId)) ?? (await this.#create(userId));
    return seal(key, Buffer.from(text), `${userId}:${field}`).toString('base64url');
  }

  async open(userId: string, field: PersonalField, sealed: string): Promise<string> {
    const key = await this.#read(userId);
    return key ? open(key, Buffer.from(sealed, 'base64url'), `${userId}:${field}`).toString() : ERASED;
  }

  async #read(userId: string): Promise<Buffer | null> {
    const wrapped = await readIfThere(this.#path(userId));
    return wrapped && open(this.#wrappingKey, wrapped, userId);
  }

  async #create(userId: string): Promise<Buffer> {
    const key = randomBytes(KEY_BYTES);
    if (await createDurably(this.#path(userId), seal(this.#wrappingKey, key, userId))) return key;
    const other = await this.#read(userId);
    if (!other) throw new Error(`the key of ${userId} was removed while it was made`);
    return other;
  }

  #path(userId: string): string {
    if (!USER_ID.test(userId)) throw new Error(`${userId} is not a user's id`);
    return join(this.#folder, `${userId}.key`);
  }
}
