// A job's output from the LOGS stream: in order, each byte once, as text.
import { type AttemptResult, LOG_HEADER_AT, LOG_HEADER_OFFSET, LOGS_STREAM, subjects } from '@baton/contracts';
import type { KnownAttempts } from './attempt-subject.ts';
import { type Mark, NOTHING_HELD, type ResumePoint, resumeId, START } from './resume-point.ts';
import type { StreamMessage, StreamReader } from './stream-reader.ts';
import { incompleteTail } from './utf8.ts';

export interface LogChunk {
  readonly position: number;
  readonly attempt: number;
  readonly output: 'stdout' | 'stderr';
  /** Bytes from the start of this output. */
  readonly offset: number;
  /** So many bytes right before it are no longer in the stream. */
  readonly missing: number;
  /** Milliseconds since the epoch, by the node's clock. */
  readonly at: number;
  readonly data: Uint8Array;
}

export interface LogEvent extends Omit<LogChunk, 'data' | 'position'> {
  readonly id: string;
  /** UTF-8; what is none shows as U+FFFD. A character cut by a chunk's end comes whole with the next. */
  readonly text: string;
}

export interface LogReading {
  readonly jobId: string;
  readonly attempts: KnownAttempts;
  readonly ended: Promise<void>;
  readonly signal: AbortSignal;
}

export const chunkOffset = (message: StreamMessage): number | null => {
  const header = Number(message.header(LOG_HEADER_OFFSET) ?? Number.NaN);
  return Number.isSafeInteger(header) && header >= 0 ? header : null;
};

/**
 * An agent whose chunk was not acknowledged sends everything from there on again: what was seen is left out, and what came too early is
 * passed over. What the stream itself has dropped won't come any more: it is told of in `missing`.
 */
export async function* logChunks(
  streams: StreamReader,
  reading: LogReading,
  from: ResumePoint = START,
): AsyncGenerator<LogChunk> {
  const { jobId, attempts, ...rest } = reading;
  const after = from.marks === null ? 0 : from.position;
  const seen = new Map([...(from.marks ?? [])].map(([key, { seen: bytes }]) => [key, bytes]));
  let before = after;
  for await (const message of streams.read({
    ...rest,
    stream: LOGS_STREAM,
    subject: subjects.logsOfJob(jobId),
    after,
  })) {
    const previous = before;
    before = message.position;
    const writer = await attempts.writerOf(message, 'logs');
    if (!writer?.output) continue;
    const { attempt, output, result } = writer;
    const key = keyOf({ attempt, output });
    const known = seen.get(key);
    const news = newsOf(message, known ?? 0, sizeOf(result, output));
    if (news === null || (known !== undefined && (await comesAgain(streams, news, previous)))) continue;
    seen.set(key, news.offset + news.data.length);
    yield { position: message.position, attempt, output, ...news };
  }
}

type News = Pick<LogChunk, 'offset' | 'missing' | 'at' | 'data'>;

/** Of an output that was stored whole: nothing belongs to it beyond that. */
function sizeOf(result: AttemptResult | null, output: LogChunk['output']): number {
  return result?.output ? (result.output[output]?.sizeBytes ?? 0) : Number.POSITIVE_INFINITY;
}

/** What the chunk adds to so many bytes, of `size` at most; null if nothing. */
function newsOf(message: StreamMessage, known: number, size: number): News | null {
  const begin = chunkOffset(message) ?? known;
  const data = message.data.subarray(Math.max(0, known - begin), Math.max(0, size - begin));
  if (data.length === 0) return null;
  const at = Number(message.header(LOG_HEADER_AT)) || 0;
  return { offset: Math.max(begin, known), missing: Math.max(0, begin - known), at, data };
}

/** Whether it came too early: unless the stream has dropped what stood between. The first chunk of an output goes alone, and never does. */
async function comesAgain(streams: StreamReader, { missing }: News, previous: number): Promise<boolean> {
  return missing > 0 && (await streams.firstPosition(LOGS_STREAM)) <= previous + 1;
}

function keyOf({ attempt, output }: Pick<LogChunk, 'attempt' | 'output'>): string {
  return `${attempt}${output === 'stdout' ? 'o' : 'e'}`;
}

/** Text events behind `from`: a client that resumes sees exactly what one that stayed would have seen. */
export async function* logEvents(
  streams: StreamReader,
  reading: LogReading,
  from: ResumePoint,
): AsyncGenerator<LogEvent> {
  const marks = new Map<string, Mark>(from.marks ?? []);
  for await (const { position, data, ...chunk } of logChunks(streams, reading, from)) {
    const key = keyOf(chunk);
    const before = chunk.missing > 0 ? NOTHING_HELD : (marks.get(key)?.held ?? NOTHING_HELD);
    const bytes =
      before.length === 0 ? Buffer.from(data.buffer, data.byteOffset, data.length) : Buffer.concat([before, data]);
    const shown = bytes.length - incompleteTail(bytes);
    marks.set(key, { seen: chunk.offset + data.length, held: Buffer.from(bytes.subarray(shown)) });
    if (position <= from.position) continue;
    yield { ...chunk, id: resumeId(position, marks), text: bytes.toString('utf8', 0, shown) };
  }
}
