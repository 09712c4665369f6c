// Fetches one file and checks it by its SHA-256; one that was cut goes on where it broke off, also in a later run.
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ManifestFile } from '@baton/contracts';
import type { RequestOptions } from '@baton/sdk';
import { EXIT } from '../exit-codes.ts';
import { Failure } from '../failure.ts';

export type OpenFile = (path: string, options: RequestOptions) => Promise<Response>;

export interface Fetch {
  readonly file: ManifestFile;
  /** Where it goes. */
  readonly target: string;
  readonly open: OpenFile;
  readonly signal: AbortSignal;
  /** Told of bytes that are there; less than 0 if they have to come again. */
  readonly advance: (bytes: number) => void;
}

/** So many cuts in a row without a byte in between. */
const MAX_CUTS = 5;
const PAUSE_MS = 500;

export async function fetchFile(fetch: Fetch): Promise<void> {
  const { file, target } = fetch;
  await mkdir(dirname(target), { recursive: true });
  // Named by its content: what another version has left is no beginning of this one.
  const part = `${target}.part-${file.digest.slice(0, 16)}`;
  const handle = await open(part, 'a+');
  let digest: string;
  try {
    digest = await new PartialFile(fetch, part, handle).complete();
  } finally {
    await handle.close();
  }
  if (digest !== file.digest) {
    await rm(part, { force: true });
    throw new Failure(EXIT.failed, `${file.path} came with other bytes than its SHA-256 says. Try again.`);
  }
  if (file.executable) await chmod(part, 0o755);
  await rename(part, target);
}

class PartialFile {
  readonly #fetch: Fetch;
  readonly #part: string;
  readonly #handle: FileHandle;
  #hash: Hash = createHash('sha256');
  #size = 0;

  constructor(fetch: Fetch, part: string, handle: FileHandle) {
    this.#fetch = fetch;
    this.#part = part;
    this.#handle = handle;
  }

  /** Gives the digest of what has come. */
  async complete(): Promise<string> {
    const { file, signal } = this.#fetch;
    await this.#readWhatIsThere();
    for (let cuts = 0; this.#size < file.sizeBytes;) {
      const before = this.#size;
      try {
        await this.#fetchOn();
        break;
      } catch (error) {
        cuts = this.#size > before ? 1 : cuts + 1;
        if (signal.aborted || cuts > MAX_CUTS || !isCut(error)) throw error;
        await sleep(PAUSE_MS, undefined, { signal });
      }
    }
    return this.#hash.digest('hex');
  }

  async #readWhatIsThere(): Promise<void> {
    for await (const chunk of createReadStream(this.#part) as AsyncIterable<Buffer>) this.#passed(chunk);
    if (this.#size > this.#fetch.file.sizeBytes) await this.#startAnew();
  }

  async #fetchOn(): Promise<void> {
    const { file, open: openFile, signal } = this.#fetch;
    const headers = this.#size === 0 ? undefined : { range: `bytes=${this.#size}-`, 'if-range': `"${file.digest}"` };
    const response = await openFile(file.path, { signal, ...(headers ? { headers } : {}) });
    // All of it, from the start.
    if (response.status !== 206 && this.#size > 0) await this.#startAnew();
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      await this.#handle.appendFile(chunk);
      this.#passed(chunk);
    }
  }

  async #startAnew(): Promise<void> {
    await this.#handle.truncate(0);
    this.#fetch.advance(-this.#size);
    this.#hash = createHash('sha256');
    this.#size = 0;
  }

  #passed(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.#size += chunk.byteLength;
    this.#fetch.advance(chunk.byteLength);
  }
}

/** The connection broke; a refusal of the platform, or a disk that is full, would come again. */
function isCut(error: unknown): boolean {
  if (!(error instanceof Error) || error.name === 'ApiError') return false;
  return error instanceof TypeError || error.message === 'terminated';
}
