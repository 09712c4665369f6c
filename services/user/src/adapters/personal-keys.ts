// Personal fields under a key per person: destroying the key's file erases the person from the whole log.
import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PersonalField, PersonalFields, PersonalKeyring } from '../app/ports.ts';
import { createDurably, readIfThere, removeDurably } from './durable-file.ts';
import { KEY_BYTES, open, purposeKey, seal } from './sealed-box.ts';

const USER_ID = /^usr_[a-z0-9]{26}$/;
const GRAVE = /^(usr_[a-z0-9]{26})\.erased$/;

/**
 * Keys are read from disk each time: one that is destroyed while the service runs counts as gone at once. In its place stays a file
 * that says so, which backups keep: it outlives a log that is set back to before the erasure.
 */
export class PersonalKeys implements PersonalFields, PersonalKeyring {
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

  async open(userId: string, field: PersonalField, sealed: string): Promise<string | null> {
    const key = await this.#read(userId);
    return key && open(key, Buffer.from(sealed, 'base64url'), `${userId}:${field}`).toString();
  }

  async bury(userId: string, secretIds: readonly string[]): Promise<void> {
    const grave = this.#path(userId, 'erased');
    if ((await readIfThere(grave)) === null) await createDurably(grave, Buffer.from(secretIds.join('\n')));
  }

  async destroy(userId: string): Promise<void> {
    if ((await readIfThere(this.#path(userId, 'key'))) !== null) await removeDurably(this.#path(userId, 'key'));
  }

  async buried(): Promise<string[]> {
    const names = await readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    return names.flatMap((name) => GRAVE.exec(name)?.[1] ?? []);
  }

  async #read(userId: string): Promise<Buffer | null> {
    const wrapped = await readIfThere(this.#path(userId, 'key'));
    return wrapped && open(this.#wrappingKey, wrapped, userId);
  }

  async #create(userId: string): Promise<Buffer> {
    if ((await readIfThere(this.#path(userId, 'erased'))) !== null) throw new Error(`${userId} was erased`);
    const key = randomBytes(KEY_BYTES);
    if (await createDurably(this.#path(userId, 'key'), seal(this.#wrappingKey, key, userId))) return key;
    const other = await this.#read(userId);
    if (!other) throw new Error(`the key of ${userId} was removed while it was made`);
    return other;
  }

  #path(userId: string, kind: 'key' | 'erased'): string {
    if (!USER_ID.test(userId)) throw new Error(`${userId} is not a user's id`);
    return join(this.#folder, `${userId}.${kind}`);
  }
}
