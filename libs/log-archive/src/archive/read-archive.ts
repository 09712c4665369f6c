// An export, or several that follow each other, as a log that can be read.
import { createReadStream } from 'node:fs';
import type { Readable, Transform } from 'node:stream';
import { createInterface } from 'node:readline';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { PlatformError } from '@baton/errors';
import type { StoredMessage } from '@baton/event-store';
import { type ByStream, EMPTY_MARKS, type LogBatch, type LogContent } from '../log-content.ts';
import { LOG_STREAMS, type LogStream } from '../log-streams.ts';
import { sameMark, type StreamMark } from '../rolling-hash.ts';
import { type ArchiveFooter, type ArchiveHeader, type ArchiveLine, parseLine } from './archive-lines.ts';

export interface Archive extends LogContent {
  /** As the last footer says it. */
  readonly marks: ByStream<StreamMark>;
}

const BATCH = 512;

/**
 * Reads all of it once, to know that it is whole, and again at each `read`. Throws `invalid_input` when a file is cut, damaged, or
 * does not begin where the one before ended.
 */
export async function openArchive(paths: readonly string[]): Promise<Archive> {
  const first = await firstHeader(paths);
  let marks = first.after;
  for (const path of paths) {
    const { header, footer } = await boundsOf(path);
    if (!LOG_STREAMS.every((stream) => sameMark(header.after[stream], marks[stream])))
      throw new PlatformError('invalid_input', `${path} does not begin where the export before it ends.`);
    marks = footer.end;
  }
  return {
    after: first.after,
    ends: { JOBS: marks.JOBS.position, EVENTS: marks.EVENTS.position },
    marks,
    async *read() {
      for (const path of paths) yield* batches(path);
    },
  };
}

async function firstHeader([path]: readonly string[]): Promise<Pick<ArchiveHeader, 'after'>> {
  if (path === undefined) return { after: EMPTY_MARKS };
  for await (const line of archiveLines(path)) if (line.kind === 'header') return line.header;
  throw notWhole(path);
}

async function boundsOf(path: string): Promise<{ header: ArchiveHeader; footer: ArchiveFooter }> {
  let header: ArchiveHeader | null = null;
  let footer: ArchiveFooter | null = null;
  for await (const line of archiveLines(path)) {
    if (line.kind === 'header') header ??= line.header;
    if (line.kind === 'footer') footer = line.footer;
  }
  if (header === null || footer === null) throw notWhole(path);
  return { header, footer };
}

async function* batches(path: string): AsyncGenerator<LogBatch> {
  let stream: LogStream = 'JOBS';
  let messages: StoredMessage[] = [];
  for await (const line of archiveLines(path)) {
    if (line.kind !== 'commit') continue;
    if (line.stream !== stream || messages.length === BATCH) {
      if (messages.length > 0) yield { stream, messages };
      ({ stream } = line);
      messages = [];
    }
    messages.push(line.message);
  }
  if (messages.length > 0) yield { stream, messages };
}

async function* archiveLines(path: string): AsyncGenerator<ArchiveLine> {
  const source = createReadStream(path);
  const text: Readable = source.pipe(decompressor(path));
  source.once('error', (error) => text.destroy(error));
  // A reader that stops early leaves no file open.
  text.once('close', () => source.destroy());
  let number = 0;
  try {
    for await (const line of createInterface({ input: text, crlfDelay: Infinity }))
      yield parseLine(line, (number += 1));
  } catch (error) {
    if (error instanceof PlatformError) throw error;
    throw new PlatformError('invalid_input', `${path} can not be read: ${String((error as Error).message)}.`, {
      cause: error,
    });
  } finally {
    text.destroy();
  }
}

function decompressor(path: string): Transform {
  if (path.endsWith('.gz')) return createGunzip();
  if (path.endsWith('.zst')) return createZstdDecompress();
  throw new PlatformError('invalid_input', `${path}: an export's name ends in .zst or .gz.`);
}

function notWhole(path: string): PlatformError {
  return new PlatformError('invalid_input', `${path} is not a whole export: it was cut, or is something else.`);
}
