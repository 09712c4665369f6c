// The upload store behind @tus/server. Who asks, and the checksum, travel beside the calls, which have no room for them.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Readable } from 'node:stream';
import { DataStore, Upload } from '@tus/server';
import type { Checksum } from './checksum.ts';
import { IDLE_EXPIRY_MS, type UploadStore } from './upload-store.ts';

export interface TusRequest {
  readonly owner: string;
  readonly checksum: Checksum | null;
  /** What went wrong, as it was thrown: @tus/server passes only a status and a text on. */
  failure?: unknown;
}

export const tusRequest = new AsyncLocalStorage<TusRequest>();

function current(): TusRequest {
  const request = tusRequest.getStore();
  if (!request) throw new Error('called outside of a tus request');
  return request;
}

export class TusDataStore extends DataStore {
  override extensions = [
    'creation',
    'creation-with-upload',
    'creation-defer-length',
    'expiration',
    'termination',
    'checksum',
  ];
  readonly #uploads: UploadStore;

  constructor(uploads: UploadStore) {
    super();
    this.#uploads = uploads;
  }

  override async create(upload: Upload): Promise<Upload> {
    const { id, size, metadata } = upload;
    await this.#uploads.create({ id, owner: current().owner, length: size ?? null, metadata: metadata ?? {} });
    return upload;
  }

  override write(content: Readable, id: string, offset: number): Promise<number> {
    return this.#uploads.append(id, content as AsyncIterable<Uint8Array>, offset, current().checksum);
  }

  override async getUpload(id: string): Promise<Upload> {
    const { info, offset, touchedAt } = await this.#uploads.get(id, current().owner);
    return new Upload({
      id,
      offset,
      ...(info.length === null ? {} : { size: info.length }),
      metadata: { ...info.metadata },
      // Expiry counts from the last write, not from the creation.
      creation_date: new Date(touchedAt).toISOString(),
    });
  }

  override declareUploadLength(id: string, length: number): Promise<void> {
    return this.#uploads.declareLength(id, length);
  }

  override remove(id: string): Promise<void> {
    return this.#uploads.remove(id, current().owner);
  }

  override deleteExpired(): Promise<number> {
    return this.#uploads.sweep();
  }

  override getExpiration(): number {
    return IDLE_EXPIRY_MS;
  }
}
