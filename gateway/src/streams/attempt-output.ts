// One output of one attempt as a file: from the blob store once the attempt has ended, until then from the stream.
import type { BlobStore, ByteRange } from '@baton/blob-store';
import { type AttemptView, LOGS_STREAM, subjects } from '@baton/contracts';
import { isFenced } from './attempt-subject.ts';
import { chunkOffset } from './job-log.ts';
import type { StreamMessage, StreamReader } from './stream-reader.ts';

export type OutputName = 'stdout' | 'stderr';
export const OUTPUTS: readonly OutputName[] = ['stdout', 'stderr'];

export interface OutputSource {
  /** What comes before is no longer kept. */
  readonly firstByte: number;
  /** Of a running attempt: as far as it has come. */
  readonly sizeBytes: number;
  /** SHA-256 of an output that is complete. */
  readonly digest: string | null;
  open(range: ByteRange): Promise<AsyncIterable<Uint8Array>>;
}

export interface OutputPlace {
  readonly streams: StreamReader;
  readonly blobs: BlobStore;
  readonly jobId: string;
  readonly attempt: AttemptView;
  readonly signal: AbortSignal;
}

export async function outputSource(place: OutputPlace, output: OutputName): Promise<OutputSource> {
  const kept = place.attempt.result?.output;
  return kept === undefined ? streamSource(place, output) : blobSource(place.blobs, kept[output]);
}

function blobSource(
  blobs: BlobStore,
  blob: { readonly digest: string; readonly sizeBytes: number } | null,
): OutputSource {
  if (blob === null) return { firstByte: 0, sizeBytes: 0, digest: null, open: async () => nothing() };
  return { firstByte: 0, ...blob, open: (range) => blobs.open(blob.digest, range) };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function subjectOf({ jobId, attempt }: OutputPlace, output: OutputName): string {
  return subjects.log(attempt.nodeId, jobId, attempt.attempt, output);
}

function endOf(message: StreamMessage): number {
  return (chunkOffset(message) ?? 0) + message.data.length;
}

export async function streamSource(place: OutputPlace, output: OutputName): Promise<OutputSource> {
  const subject = subjectOf(place, output);
  const first = await place.streams.next(LOGS_STREAM, subject, 1);
  const last = first && (await lastThatCounts(place, subject, first));
  if (first === null || last === null) return { firstByte: 0, sizeBytes: 0, digest: null, open: async () => nothing() };
  const ends = { first: first.position, last: last.position };
  return {
    firstByte: chunkOffset(first) ?? 0,
    sizeBytes: endOf(last),
    digest: null,
    open: async (range) =>
      bytesFrom(place, subject, await positionOf(place.streams, subject, ends, range.start), range),
  };
}

/** Of an attempt that was given up: the last before that, by bisection. */
async function lastThatCounts(
  { streams, attempt }: OutputPlace,
  subject: string,
  first: StreamMessage,
): Promise<StreamMessage | null> {
  const last = await streams.last(LOGS_STREAM, subject);
  if (last === null || !isFenced(attempt, 'logs', last.position)) return last;
  if (isFenced(attempt, 'logs', first.position)) return null;
  let found = first;
  let end = last.position - 1;
  while (found.position < end) {
    const middle = Math.ceil((found.position + end) / 2);
    const next = await streams.next(LOGS_STREAM, subject, middle);
    if (next === null || isFenced(attempt, 'logs', next.position)) end = middle - 1;
    else found = next;
  }
  return found;
}

/** Whether the stream still has the whole of what the blob store has. */
export async function streamHasAll(place: OutputPlace): Promise<boolean> {
  const kept = place.attempt.result?.output;
  const found = await Promise.all(
    OUTPUTS.map(async (output) => {
      const sizeBytes = kept?.[output]?.sizeBytes ?? 0;
      if (sizeBytes === 0) return true;
      const source = await streamSource(place, output);
      return source.firstByte === 0 && source.sizeBytes === sizeBytes;
    }),
  );
  return found.every(Boolean);
}

/**
 * Of a chunk from which on byte `offset` comes: the last one that begins at or before it, by bisection. Chunks continue or repeat what
 * came before, but for those that came too early, which are followed by the right ones.
 */
async function positionOf(
  streams: StreamReader,
  subject: string,
  ends: { readonly first: number; readonly last: number },
  offset: number,
): Promise<number> {
  let { first, last } = ends;
  while (offset > 0 && first < last) {
    const middle = await streams.next(LOGS_STREAM, subject, Math.ceil((first + last) / 2));
    if (middle !== null && (chunkOffset(middle) ?? 0) <= offset) first = middle.position;
    else last = Math.ceil((first + last) / 2) - 1;
  }
  return first;
}

async function* bytesFrom(
  { streams, signal, attempt }: OutputPlace,
  subject: string,
  position: number,
  { start, end }: ByteRange,
): AsyncGenerator<Uint8Array> {
  const reading = { stream: LOGS_STREAM, subject, after: position - 1, ended: Promise.resolve(), signal } as const;
  let next = start;
  for await (const message of streams.read(reading)) {
    if (isFenced(attempt, 'logs', message.position)) return;
    const offset = chunkOffset(message) ?? next;
    if (offset > next || endOf(message) <= next) continue;
    yield message.data.subarray(next - offset, Math.min(message.data.length, end + 1 - offset));
    next = endOf(message);
    if (next > end) return;
  }
}
