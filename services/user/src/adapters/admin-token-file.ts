// The one-time token for the first admin's sign-up: a file that exists until it was used.
import { createHash, timingSafeEqual } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { AdminToken } from '../app/ports.ts';
import { readIfThere, syncFolder } from './durable-file.ts';

export class AdminTokenFile implements AdminToken {
  readonly #path: string | undefined;

  /** Without a path nobody signs up by such a token. */
  constructor(path: string | undefined) {
    this.#path = path;
  }

  async matches(token: string): Promise<boolean> {
    const content = this.#path === undefined ? null : await readIfThere(this.#path);
    const expected = content?.toString('utf8').trim() ?? '';
    // Digests have one length, so that the comparison tells nothing about the token's.
    return timingSafeEqual(digest(token), digest(expected)) && expected !== '';
  }

  async remove(): Promise<void> {
    if (this.#path === undefined) return;
    await rm(this.#path, { force: true });
    await syncFolder(dirname(this.#path));
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
