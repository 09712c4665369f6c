// Writes a log to a compressed file, verified while it passes; the file has its name only when it is whole.
import { createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, createZstdCompress } from 'node:zlib';
import { PlatformError } from '@baton/errors';
import type { ByStream, LogContent } from '../log-content.ts';
import type { LogStream } from '../log-streams.ts';
import type { StreamMark } from '../rolling-hash.ts';
import type { Reducers } from '../verify/reducers.ts';
import type { Fault } from '../verify/stream-verifier.ts';
import { LogCheck, type VerifyReport } from '../verify/verify-log.ts';
import { type ArchiveFooter, type ArchiveHeader, commitLine } from './archive-lines.ts';

export interface WriteOptions {
  readonly reducers: Reducers;
  readonly now: () => number;
}

/** `.zst` or `.gz` decides. Throws `conflict`, naming the commit, when the log is not sound: nothing is left then. */
export async function writeArchive(path: string, content: LogContent, options: WriteOptions): Promise<VerifyReport> {
  const check = new LogCheck(content, options);
  const staged = `${path}.new`;
  try {
    await pipeline(
      Readable.from(lines(content, check, options)),
      compressor(path),
      createWriteStream(staged, { mode: 0o600 }),
    );
    await syncPath(staged);
    await rename(staged, path);
    await syncPath(dirname(path));
  } catch (error) {
    await rm(staged, { force: true });
    throw error;
  }
  return check.report();
}

async function* lines(content: LogContent, check: LogCheck, { now }: WriteOptions): AsyncGenerator<string> {
  const { after, ends } = content;
  const header: ArchiveHeader = { format: 'baton-log', v: 1, at: now(), after, ends };
  yield `${JSON.stringify(header)}\n`;
  for await (const batch of content.read()) {
    const fault = check.take(batch);
    if (fault !== null) throw unsound(fault);
    yield `${batch.messages.map((message) => commitLine(batch.stream, message)).join('\n')}\n`;
  }
  const { streams } = check.report();
  for (const { fault } of streams) if (fault !== null) throw unsound(fault);
  const footer: ArchiveFooter = { end: marksOf(streams) };
  yield `${JSON.stringify(footer)}\n`;
}

export function marksOf(reports: VerifyReport['streams']): ByStream<StreamMark> {
  const of = (name: LogStream): StreamMark => {
    const { position = 0, rollingHash = '', lastHash = '' } = reports.find(({ stream }) => stream === name) ?? {};
    return { position, rollingHash, lastHash };
  };
  return { JOBS: of('JOBS'), EVENTS: of('EVENTS') };
}

export function unsound({ stream, position, subject, why }: Fault): PlatformError {
  const where = subject === '' ? `${stream} at position ${position}` : `${stream} at position ${position} (${subject})`;
  return new PlatformError('conflict', `The log is not sound: ${where}: ${why}.`);
}

function compressor(path: string): Transform {
  if (path.endsWith('.gz')) return createGzip();
  if (path.endsWith('.zst')) return createZstdCompress();
  throw new PlatformError('invalid_input', `${path}: give a name that ends in .zst or .gz.`);
}

export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
