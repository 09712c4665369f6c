// A commit as the message that is published, the same bytes and headers at every repeat.
import type { StreamName } from '@baton/contracts';
import { STREAM_SUBJECTS } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { headers, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import type { AggregateRef, Commit, Expectation } from '../port.ts';
import { encodeCommit, hashOf, subjectOf } from '../stored-commit.ts';
import type { StoredMessage } from '../stored-commit.ts';

export interface Publication {
  readonly subject: string;
  readonly bytes: Buffer;
  readonly hash: string;
  readonly commitId: string;
}

/** Room for the headers, in bytes. */
const HEADERS_BYTES = 1_024;

/** Throws `payload_too_large` when the server would refuse it, `internal` when the stream does not capture the aggregate. */
export function publication(
  connection: NatsConnection,
  stream: StreamName,
  ref: AggregateRef,
  commit: Commit,
): Publication {
  if (!(STREAM_SUBJECTS[stream] as readonly string[]).includes(`evt.${ref.aggregate}.*`)) {
    throw new PlatformError('internal', 'An aggregate was written to the wrong stream.', {
      detail: `${ref.aggregate} to ${stream}`,
    });
  }
  const bytes = encodeCommit(commit);
  const limit = connection.info?.max_payload ?? Number.POSITIVE_INFINITY;
  if (bytes.length + HEADERS_BYTES > limit) {
    throw new PlatformError('payload_too_large', 'This is too large for the event log.', {
      detail: `${bytes.length} of ${limit} bytes`,
    });
  }
  return { subject: subjectOf(ref), bytes, hash: hashOf(bytes), commitId: commit.commitId };
}

/** The headers that make the server check: the stream, the expectation, and whether it has this commit already. */
export function publicationHeaders(stream: StreamName, { commitId }: Publication, expected: Expectation): MsgHdrs {
  const made = headers();
  made.set('Nats-Msg-Id', commitId);
  made.set('Nats-Expected-Stream', stream);
  const expectation =
    expected.kind === 'stream' ? 'Nats-Expected-Last-Sequence' : 'Nats-Expected-Last-Subject-Sequence';
  made.set(expectation, String(expected.position));
  return made;
}

/** Whether what the log holds is this very commit. */
export function isSame(stored: StoredMessage | null, { subject, bytes }: Publication): stored is StoredMessage {
  return stored !== null && stored.subject === subject && bytes.equals(stored.bytes);
}
