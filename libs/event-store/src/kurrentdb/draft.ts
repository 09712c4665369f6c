// A commit as the event that KurrentDB stores: the bytes untouched, the subject beside them.
import { STREAM_SUBJECTS, type StreamName } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { ResolvedEvent } from '@kurrent/kurrentdb-client';
import type { AggregateRef, Commit, Position } from '../port.ts';
import { encodeCommit, hashOf, subjectOf } from '../stored-commit.ts';

export interface Draft {
  readonly subject: string;
  readonly commitId: string;
  readonly bytes: Buffer;
  readonly hash: string;
}

export interface StoredRecord {
  readonly position: Position;
  readonly subject: string;
  readonly commitId: string;
  readonly bytes: Uint8Array;
}

const EVENT_TYPE = 'baton.commit';

/** Throws `internal` when the stream does not capture the aggregate or the commit could never be read again. */
export function draftOf(stream: StreamName, ref: AggregateRef, commit: Commit): Draft {
  if (!(STREAM_SUBJECTS[stream] as readonly string[]).includes(`evt.${ref.aggregate}.*`)) {
    const detail = `${ref.aggregate} to ${stream}`;
    throw new PlatformError('internal', 'An aggregate was written to the wrong stream.', { detail });
  }
  const bytes = encodeCommit(commit);
  return { subject: subjectOf(ref), commitId: commit.commitId, bytes, hash: hashOf(bytes) };
}

/** Written as binary: as JSON the client would parse it and write it anew, and the bytes are what the hashes are over. */
export function eventOf({ subject, commitId, bytes, hash }: Draft) {
  return {
    id: eventId(subject, hash),
    contentType: 'application/octet-stream',
    type: EVENT_TYPE,
    data: new Uint8Array(bytes),
    metadata: { subject, commitId },
  } as const;
}

/**
 * The server takes an append for a repeat when the ids at its place are the same: made of the content, they are the same only
 * for the same commit of the same aggregate.
 */
function eventId(subject: string, hash: string): string {
  const hex = hashOf(Buffer.from(`${subject}\0${hash}`));
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

export function recordOf({ event }: ResolvedEvent): StoredRecord {
  if (event === undefined) throw new PlatformError('internal', 'The event log holds something that can not be read.');
  const metadata = (event.metadata ?? {}) as Partial<Record<'subject' | 'commitId', unknown>>;
  return {
    position: Number(event.revision) + 1,
    subject: textOf(metadata.subject),
    commitId: textOf(metadata.commitId),
    bytes: event.data instanceof Uint8Array ? event.data : Buffer.from(JSON.stringify(event.data)),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Whether what the log holds is this very commit. */
export function isSame(stored: StoredRecord | undefined, { subject, bytes }: Draft): stored is StoredRecord {
  return stored !== undefined && stored.subject === subject && bytes.equals(stored.bytes);
}
