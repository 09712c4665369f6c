// Unpacks zip archives from a file, since their table of contents is at the end.
import type { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { PlatformError } from '@baton/errors';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import type { Collector } from './collector.ts';

const ANY_EXECUTE = 0o111;
const TYPE_MASK = 0o170000;
const FOLDER = 0o040000;
const REGULAR = 0o100000;

export interface ZipSource {
  readonly path: string;
  /** Where in the manifest the archive lies: '' or a folder with a slash at its end. */
  readonly prefix: string;
  /** Told of each chunk that comes out of decompression. */
  readonly expanded: (bytes: number) => void;
}

export async function unpackZip(source: ZipSource, collector: Collector): Promise<void> {
  const zip = await openPromise(source.path, { autoClose: false, strictFileNames: true });
  try {
    for await (const entry of zip.eachEntry()) await takeEntry(zip, entry, source, collector);
  } finally {
    zip.close();
  }
}

async function takeEntry(zip: ZipFile, entry: Entry, source: ZipSource, collector: Collector): Promise<void> {
  // The upper half is the mode of Unix; archives made elsewhere leave it empty.
  const mode = entry.externalFileAttributes >>> 16;
  const type = mode & TYPE_MASK;
  const path = source.prefix + entry.fileName;
  if (type !== 0 && type !== FOLDER && type !== REGULAR) {
    throw new PlatformError(
      'bad_archive',
      `${entry.fileName} is a link or a device: only files and folders are taken.`,
    );
  }
  if (entry.fileName.endsWith('/') || type === FOLDER) {
    collector.addFolder(path.replace(/\/+$/, ''));
    return;
  }
  if (entry.isEncrypted()) throw new PlatformError('bad_archive', `${entry.fileName} is encrypted.`);
  if (!entry.canDecodeFileData()) {
    throw new PlatformError('bad_archive', `${entry.fileName} is compressed in a way that is not supported.`);
  }
  const stream = await zip.openReadStreamPromise(entry);
  try {
    const content = checked(stream, entry, source.expanded);
    const executable = (mode & ANY_EXECUTE) !== 0;
    await collector.add({ path, sizeBytes: entry.uncompressedSize, executable, content });
  } finally {
    stream.destroy();
  }
}

async function* checked(stream: Readable, entry: Entry, expanded: (bytes: number) => void): AsyncGenerator<Buffer> {
  let sum = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    expanded(chunk.length);
    sum = crc32(chunk, sum);
    yield chunk;
  }
  if (sum !== entry.crc32) throw new PlatformError('bad_archive', `${entry.fileName} does not match its checksum.`);
}
