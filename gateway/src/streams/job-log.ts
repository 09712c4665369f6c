// A job's output from the LOGS stream: in order, each byte once, as text.
import { StringDecoder } from 'node:string_decoder';
import { LOG_HEADER_AT, LOG_HEADER_OFFSET, LOGS_STREAM, subjects } from '@baton/contracts';
import { type KnownAttempts, parseAttemptSubject } from './attempt-subject.ts';
import type { StreamMessage, StreamReader } from './stream-reader.ts';

export interface LogChunk {
  readonly position: number;
  readonly attempt: number;
  readonly output: 'stdout' | 'stderr';
  /** Bytes from the start of this output. */
  readonly offset: number;
  /** Milliseconds since the epoch, by the node's clock. */
  readonly at: number;
  readonly data: Uint8Array;
}

export interface LogEvent extends Omit<LogChunk, 'data'> {
  /** UTF-8; what is none shows as U+FFFD. A character cut by a chunk's end comes whole with the next. */
  readonly text: string;
}

export interface LogReading {
  readonly jobId: string;
  readonly attempts: KnownAttempts;
  readonly ended: Promise<void>;
  readonly signal: AbortSignal;
}

/** An agent that could not see its chunk acknowledged sends it again: what was seen is left out. */
export async function* logChunks(streams: StreamReader, reading: LogReading): AsyncGenerator<LogChunk> {
  const seen = new Map<string, number>();
  const { jobId, ended, signal, attempts } = reading;
  for await (const message of streams.read({
    stream: LOGS_STREAM,
    subject: subjects.logsOfJob(jobId),
    after: 0,
    ended,
    signal,
  })) {
    const target = parseAttemptSubject(message.subject);
    if (!target?.output || !(await attempts.has(target))) continue;
    const key = `${target.attempt}.${target.output}`;
    const chunk = unseen(message, seen.get(key) ?? 0);
    if (!chunk) continue;
    seen.set(key, chunk.offset + chunk.data.length);
    yield { ...chunk, attempt: target.attempt, output: target.output };
  }
}

function unseen(
  message: StreamMessage,
  seenBytes: number,
): Pick<LogChunk, 'position' | 'offset' | 'at' | 'data'> | null {
  const header = Number(message.header(LOG_HEADER_OFFSET));
  const offset = Number.isSafeInteger(header) && header >= 0 ? header : seenBytes;
  const at = Number(message.header(LOG_HEADER_AT)) || 0;
  const repeated = Math.max(0, seenBytes - offset);
  if (message.data.length === 0 || repeated >= message.data.length) return null;
  return { position: message.position, offset: offset + repeated, at, data: message.data.subarray(repeated) };
}

/**
 * Text events after the position `after`. The log is read from its start even so: what a chunk adds depends on what came before it
 * (repeats, a character begun in the chunk before), and so a client that resumes sees exactly what one that stayed would have seen.
 */
export async function* logEvents(chunks: AsyncIterable<LogChunk>, after: number): AsyncGenerator<LogEvent> {
  const decoders = new Map<string, StringDecoder>();
  for await (const chunk of chunks) {
    const key = `${chunk.attempt}.${chunk.output}`;
    const decoder = decoders.get(key) ?? new StringDecoder('utf8');
    decoders.set(key, decoder);
    const text = decoder.write(Buffer.from(chunk.data));
    const { data: _, ...event } = chunk;
    if (chunk.position > after) yield { ...event, text };
  }
}
