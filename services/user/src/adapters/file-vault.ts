// Secrets' values beside the log: one encrypted file a version, on disk before the event that names it.
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SecretVault } from '../app/ports.ts';
import { createDurably, readIfThere } from './durable-file.ts';
import { open, purposeKey, seal } from './sealed-box.ts';

const SECRET_ID = /^sec_[a-z0-9]{26}$/;

export class FileVault implements SecretVault {
  readonly #folder: string;
  readonly #key: Buffer;

  constructor(keysFolder: string, installationSecret: string) {
    this.#folder = join(keysFolder, 'secrets');
    this.#key = purposeKey(installationSecret, 'baton secret vault 1');
  }

  async write(secretId: string, lastVersion: number, value: string): Promise<number> {
    // A version that a crash or a racing request left behind is never written over: its event may still come.
    for (let version = lastVersion + 1; ; version += 1) {
      const sealed = seal(this.#key, Buffer.from(value), `${secretId}:${version}`);
      if (await createDurably(this.#path(secretId, version), sealed)) return version;
    }
  }

  async read(secretId: string, version: number): Promise<string | null> {
    const sealed = await readIfThere(this.#path(secretId, version));
    return sealed && open(this.#key, sealed, `${secretId}:${version}`).toString();
  }

  async remove(secretId: string, version: number): Promise<void> {
    await rm(this.#path(secretId, version), { force: true });
  }

  async removeUpTo(secretId: string, version: number): Promise<void> {
    const old = (await this.#versions(secretId)).filter((candidate) => candidate <= version);
    await Promise.all(old.map((candidate) => this.remove(secretId, candidate)));
  }

  async #versions(secretId: string): Promise<number[]> {
    const names = await readdir(join(this.#folder, secretId)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    return names.filter((name) => /^\d+$/.test(name)).map(Number);
  }

  #path(secretId: string, version: number): string {
    if (!SECRET_ID.test(secretId)) throw new Error(`${secretId} is not a secret's id`);
    return join(this.#folder, secretId, String(version));
  }
}
