// The platform's blob store as an agent on another server reaches it: over HTTP, every byte checked on both sides.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, rm } from 'node:fs/promises';
import { type Readable, Transform } from 'node:stream';
import { buffer, json } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { PlatformError } from '@baton/errors';
import { checkDigest, measure } from '../content.ts';
import { asPlatformError, mismatch, occupied, systemCode } from '../failure.ts';
import type { BlobStore, ByteRange, PutOptions, StoredBlob } from '../port.ts';
import { type Endpoint, exchange, unreachable } from './exchange.ts';

export interface HttpBlobStoreOptions {
  /** The gateway's address, such as `https://baton.example.com`. */
  readonly url: string;
  /** The agent's own. */
  readonly token: string;
}

export function openHttpBlobStore({ url, token }: HttpBlobStoreOptions): BlobStore {
  return new HttpBlobStore({ base: `${url.replace(/\/+$/, '')}/api/v1`, token });
}

class HttpBlobStore implements BlobStore {
  readonly #endpoint: Endpoint;

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  async put(content: AsyncIterable<Uint8Array> | Uint8Array, options: PutOptions = {}): Promise<StoredBlob> {
    if (!(content instanceof Uint8Array)) return this.#send(content, options);
    const blob = await measure(content, options, async () => {});
    const stored = await this.stat(blob.digest);
    return stored?.sizeBytes === blob.sizeBytes ? stored : this.#send(content, { ...options, digest: blob.digest });
  }

  async #send(content: AsyncIterable<Uint8Array> | Uint8Array, options: PutOptions): Promise<StoredBlob> {
    const { digest } = options;
    if (digest !== undefined) checkDigest(digest);
    const { promise: sent, resolve } = Promise.withResolvers<StoredBlob>();
    const answer = await exchange(this.#endpoint, {
      ...(digest === undefined ? { method: 'POST', path: '/blobs' } : { method: 'PUT', path: `/blobs/${digest}` }),
      write: async (write) => resolve(await measure(content, options, write)),
    });
    // It may have it or not: whoever asks again is told.
    const stored = (await json(answer).catch((cause: unknown) => Promise.reject(unreachable(cause)))) as StoredBlob;
    const own = await sent;
    if (stored.digest !== own.digest) throw mismatch(own.digest, stored.digest);
    return own;
  }

  async adopt(path: string, digest: string): Promise<StoredBlob> {
    checkDigest(digest);
    try {
      // Hashed before anything is sent: a file that holds something else costs no transfer.
      const blob = await measure(createReadStream(path), { digest }, async () => {});
      if (!(await this.stat(digest))) await this.#send(createReadStream(path), { digest });
      await rm(path);
      return blob;
    } catch (error) {
      throw asPlatformError(error);
    }
  }

  /** Whole content is hashed on its way: the stream fails at its end if it is not what was asked for. */
  async open(digest: string, range?: ByteRange): Promise<Readable> {
    checkDigest(digest);
    if (range !== undefined) checkRange(range);
    const headers = range === undefined ? {} : { range: `bytes=${range.start}-${range.end}` };
    const answer = await exchange(this.#endpoint, { method: 'GET', path: `/blobs/${digest}`, headers });
    answer.on('error', () => {});
    const checked = verified(range === undefined ? digest : null);
    answer.on('close', () => {
      if (!answer.complete) checked.destroy(unreachable(new Error('the connection ended early')));
    });
    return answer.pipe(checked);
  }

  async read(digest: string): Promise<Buffer> {
    return buffer(await this.open(digest));
  }

  async stat(digest: string): Promise<StoredBlob | null> {
    checkDigest(digest);
    try {
      const answer = await exchange(this.#endpoint, { method: 'HEAD', path: `/blobs/${digest}` });
      answer.resume();
      return { digest, sizeBytes: Number(answer.headers['content-length']) };
    } catch (error) {
      if (error instanceof PlatformError && error.code === 'not_found') return null;
      throw error;
    }
  }

  async copyTo(digest: string, path: string, mode: number): Promise<void> {
    const content = await this.open(digest);
    try {
      await pipeline(content, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
    } catch (error) {
      if (systemCode(error) === 'EEXIST') throw occupied(path);
      await rm(path, { force: true });
      throw asPlatformError(error);
    }
    await chmod(path, mode);
  }
}

function checkRange({ start, end }: ByteRange): void {
  const whole = Number.isSafeInteger(start) && Number.isSafeInteger(end);
  if (whole && start >= 0 && end >= start) return;
  throw new PlatformError('range_not_satisfiable', `There are no bytes ${start}-${end}.`);
}

/** Passes everything on; with a digest it ends in `digest_mismatch` where the content has another. */
function verified(digest: string | null): Transform {
  const hash = createHash('sha256');
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (digest !== null) hash.update(chunk);
      done(null, chunk);
    },
    flush(done) {
      const found = digest === null ? null : hash.digest('hex');
      done(found === digest ? null : mismatch(digest ?? '', found ?? ''));
    },
  });
}
