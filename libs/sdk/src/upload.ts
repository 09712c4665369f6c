// Resumable uploads by tus 1.0.0.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { DetailedError } from 'tus-js-client';
import { ApiError, type Http } from './http.ts';

export interface UploadOptions {
  /** The name it has in the dataset or package. Default: the file's own. */
  readonly filename?: string;
  /** Goes on with an earlier upload. */
  readonly uploadUrl?: string;
  /** Told the upload's address as soon as it has one: keep it to resume. */
  readonly onUrl?: (url: string) => void;
  /** Bytes a request. Default 8 MiB. */
  readonly chunkBytes?: number;
  /** Of the content, lower-case hex, if it is known already: then the file is not read for it. */
  readonly sha256?: string;
  readonly onProgress?: (sentBytes: number, totalBytes: number) => void;
  readonly signal?: AbortSignal;
}

export interface Uploaded {
  readonly uploadId: string;
  readonly url: string;
  /** SHA-256 of the local file, which the platform has checked. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** SHA-256 of a file, lower-case hex. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

const DEFAULT_CHUNK_BYTES = 8 * 2 ** 20;

/** Sends a file; a connection that breaks is resumed for about two minutes. Throws ApiError, or AbortError. */
export async function uploadFile(http: Http, path: string, options: UploadOptions = {}): Promise<Uploaded> {
  const sizeBytes = (await stat(path)).size;
  const sha256 = options.sha256 ?? (await sha256OfFile(path));
  const url = await send(http, { path, sizeBytes, sha256 }, options);
  return { uploadId: new URL(url).pathname.split('/').at(-1) ?? '', url, sha256, sizeBytes };
}

async function send(
  http: Http,
  file: { path: string; sizeBytes: number; sha256: string },
  options: UploadOptions,
): Promise<string> {
  const { signal, onUrl, onProgress, uploadUrl } = options;
  // Loaded with the first upload: most programs that use this client send no file.
  const { Upload } = await import('tus-js-client');
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    // The types know browsers' files only; in Node a read stream of a file is read in slices.
    const content = createReadStream(file.path) as unknown as Buffer;
    const upload = new Upload(content, {
      endpoint: `${http.base}/files`,
      ...(uploadUrl === undefined ? {} : { uploadUrl }),
      uploadSize: file.sizeBytes,
      chunkSize: options.chunkBytes ?? DEFAULT_CHUNK_BYTES,
      retryDelays: [0, 200, 500, 1_000, 2_000, 3_000, 5_000, 5_000, 10_000, 20_000, 30_000, 30_000],
      metadata: { filename: options.filename ?? basename(file.path), sha256: file.sha256 },
      headers: http.token === undefined ? {} : { authorization: `Bearer ${http.token}` },
      onProgress: (sent, total) => onProgress?.(sent, total),
      onUploadUrlAvailable: () => upload.url !== null && onUrl?.(upload.url),
      onSuccess: () => resolve(upload.url ?? ''),
      onError: (error) => reject(uploadError(error)),
    });
    signal?.addEventListener('abort', () => void upload.abort().then(() => reject(signal.reason as Error)), {
      once: true,
    });
    upload.start();
  });
}

function uploadError(error: Error | DetailedError): Error {
  if (!('originalResponse' in error) || !error.originalResponse) return error;
  const status = error.originalResponse.getStatus();
  const body = error.originalResponse.getBody();
  return new ApiError({
    status,
    code: codeOf(body) ?? `http_${status}`,
    message: detailOf(body) ?? body.trim(),
    cause: error,
  });
}

function codeOf(body: string): string | undefined {
  return member(body, 'code');
}

function detailOf(body: string): string | undefined {
  return member(body, 'detail');
}

function member(body: string, name: string): string | undefined {
  try {
    const value = (JSON.parse(body) as Record<string, unknown>)[name];
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
