// Fetches an archive that the platform packs while it sends it: whole under its name, or not there.
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { usage } from '../failure.ts';
import { ProgressBar } from '../output/progress-bar.ts';

const ENDINGS = { '.tar': 'tar', '.tar.gz': 'tar.gz', '.tgz': 'tar.gz', '.zip': 'zip' } as const;
export type ArchiveFormat = (typeof ENDINGS)[keyof typeof ENDINGS];

/** By the file's ending; throws if it has another. */
export function archiveFormat(path: string): ArchiveFormat {
  const found = Object.entries(ENDINGS).find(([ending]) => path.toLowerCase().endsWith(ending));
  if (found) return found[1];
  throw usage(`${path} says no format: end it in .tar, .tar.gz or .zip.`);
}

export interface FetchArchive {
  readonly response: Response;
  readonly target: string;
  /** Where the platform doesn't say how long it will be. */
  readonly expectedBytes: number;
  readonly signal: AbortSignal;
}

/** Gives its size. */
export async function fetchArchive({ response, target, expectedBytes, signal }: FetchArchive): Promise<number> {
  const total = Number(response.headers.get('content-length') ?? expectedBytes);
  const bar = new ProgressBar('download');
  const part = `${target}.part-${process.pid}`;
  let done = 0;
  const watch = new Transform({
    transform(chunk: Buffer, _encoding, pass) {
      done += chunk.length;
      // A tar is a little longer than what is in it.
      bar.update(Math.min(done, total), total);
      pass(null, chunk);
    },
  });
  const body = response.body ? Readable.fromWeb(response.body as ReadableStream) : Readable.from([]);
  try {
    await pipeline(body, watch, createWriteStream(part), { signal });
    await rename(part, target);
    return done;
  } finally {
    bar.clear();
    await rm(part, { force: true });
  }
}
