// Puts one open file into the blob store: as long as it was when it was opened, however it grows meanwhile.
import type { BlobStore } from '@baton/blob-store';
import type { ManifestFile } from '@baton/contracts';
import { createHash } from 'node:crypto';
import { fstatSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { Pace } from '../../app/blob-source.ts';

/** Tells a file, and what is in it, from what it was at another time. */
export interface FileIdentity {
  readonly device: bigint;
  readonly inode: bigint;
  readonly sizeBytes: bigint;
  readonly modifiedNs: bigint;
  readonly changedNs: bigint;
}

export interface FileFacts extends FileIdentity {
  readonly links: bigint;
  readonly executable: boolean;
}

/** The file could not be read; everything else that goes wrong is the store's. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
}

export interface StoreOptions {
  /** Digests that are in the store for certain; filled with what is put there. */
  readonly known?: Set<string>;
  /** Reads no faster than it allows. */
  readonly running?: { readonly pace: Pace; readonly signal: AbortSignal } | undefined;
}

const SMALL_BYTES = 256 * 1024;
const CHUNK_BYTES = 256 * 1024;

/** Synchronous: nothing is read for it, and a folder may hold very many files. */
export function factsOf(handle: FileHandle): FileFacts {
  const { dev, ino, size, mtimeNs, ctimeNs, nlink, mode } = fstatSync(handle.fd, { bigint: true });
  return {
    device: dev,
    inode: ino,
    sizeBytes: size,
    modifiedNs: mtimeNs,
    changedNs: ctimeNs,
    links: nlink,
    executable: (mode & 0o111n) !== 0n,
  };
}

export function isSameFile(a: FileIdentity, b: FileIdentity): boolean {
  return a.device === b.device && a.inode === b.inode;
}

export function isUnchanged(a: FileIdentity, b: FileIdentity): boolean {
  const sameTimes = a.modifiedNs === b.modifiedNs && a.changedNs === b.changedNs;
  return isSameFile(a, b) && sameTimes && a.sizeBytes === b.sizeBytes;
}

export type StoredContent = Omit<ManifestFile, 'path'>;

export async function storeFile(
  blobs: BlobStore,
  handle: FileHandle,
  facts: FileFacts,
  { known, running }: StoreOptions = {},
): Promise<StoredContent> {
  const content = read(handle, Number(facts.sizeBytes), running);
  const mode = facts.executable ? { executable: true } : {};
  if (facts.sizeBytes > SMALL_BYTES) return { ...(await blobs.put(content, signalOf(running))), ...mode };
  // In one piece the store sees, before it writes anything, that it has it already; and here, before it is asked.
  const whole = await gathered(content);
  const digest = createHash('sha256').update(whole).digest('hex');
  if (known?.has(digest) !== true) await blobs.put(whole, signalOf(running));
  known?.add(digest);
  return { digest, sizeBytes: whole.byteLength, ...mode };
}

function signalOf(running: StoreOptions['running']) {
  return running ? { signal: running.signal } : {};
}

async function* read(handle: FileHandle, sizeBytes: number, running: StoreOptions['running']): AsyncGenerator<Buffer> {
  let at = 0;
  while (at < sizeBytes) {
    const wanted = Math.min(CHUNK_BYTES, sizeBytes - at);
    await running?.pace.take(wanted, running.signal);
    const { bytesRead, buffer } = await handle
      .read(Buffer.allocUnsafe(wanted), 0, wanted, at)
      .catch((cause: unknown) => Promise.reject(new Unreadable('The file could not be read.', { cause })));
    // It has become shorter.
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

async function gathered(content: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks);
}
