// Unpacks tar archives, compressed or not, while they are read.
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { PlatformError } from '@baton/errors';
import { type Extract, extract } from 'tar-stream';
import type { Collector } from './collector.ts';

type Entry = Extract extends AsyncIterable<infer E> ? E : never;

const BLOCK_BYTES = 512;
const ANY_EXECUTE = 0o111;

export interface TarSource {
  readonly archive: Readable;
  readonly gzip: boolean;
  /** Where in the manifest the archive lies: '' or a folder with a slash at its end. */
  readonly prefix: string;
  /** Told of each chunk that comes out of decompression. */
  readonly expanded: (bytes: number) => void;
}

export async function unpackTar(source: TarSource, collector: Collector): Promise<void> {
  const entries = extract();
  const stages = source.gzip ? [source.archive, createGunzip()] : [source.archive];
  const feeding = pipeline([...stages, watchEnd(source.expanded), entries]);
  // Its error reaches the loop below through `entries`, or is thrown by the last line.
  feeding.catch(() => {});
  try {
    for await (const entry of entries) await takeEntry(entry, source.prefix, collector);
  } finally {
    source.archive.destroy();
  }
  await feeding;
}

async function takeEntry(entry: Entry, prefix: string, collector: Collector): Promise<void> {
  const { name, type, size, mode } = entry.header;
  const path = prefix + name.replace(/^(\.\/)+/, '');
  if (type === 'file' || type === 'contiguous-file') {
    const executable = (mode & ANY_EXECUTE) !== 0;
    return collector.add({ path, sizeBytes: size, executable, content: entry as AsyncIterable<Uint8Array> });
  }
  if (type !== 'directory') {
    throw new PlatformError('bad_archive', `${name} is a ${type ?? 'special file'}: only files and folders are taken.`);
  }
  const folder = path.replace(/\/+$/, '');
  // The root itself is an entry of most archives.
  if (folder !== '' && folder !== '.') collector.addFolder(folder);
  entry.resume();
}

/** Passes everything on; an archive that does not end in an empty block has lost its end. */
function watchEnd(expanded: (bytes: number) => void): Transform {
  let tail = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      try {
        expanded(chunk.length);
      } catch (error) {
        callback(error as Error);
        return;
      }
      tail = Buffer.concat([tail, chunk.subarray(-BLOCK_BYTES)]).subarray(-BLOCK_BYTES);
      callback(null, chunk);
    },
    flush(callback) {
      const ended = tail.length === BLOCK_BYTES && tail.every((byte) => byte === 0);
      callback(ended ? null : new PlatformError('bad_archive', 'The archive is cut off.'));
    },
  });
}
