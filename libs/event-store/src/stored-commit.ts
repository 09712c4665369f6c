// A commit as bytes of the log: encoding, the checks when reading, and the chain of hashes of one aggregate.
import {
  type AggregateName,
  Commit,
  ENVELOPE_VERSION,
  fits,
  Id,
  ID_PREFIX,
  issuesOf,
  subjects,
} from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { hash } from 'node:crypto';
import type { AggregateRef, Position, ReadOptions, RecordedCommit } from './port.ts';
import { UPCASTERS, type Upcasters, upcastEvents } from './upcasters.ts';

/** SHA-256 (hex) over a commit's stored bytes: what the aggregate's next commit carries as `prevHash`. */
export function hashOf(bytes: Uint8Array): string {
  return hash('sha256', bytes);
}

/** The bytes that the log holds. Throws `internal` when the commit could never be read again. */
export function encodeCommit(commit: Commit): Buffer {
  if (!fits(Commit, commit)) throw unreadable('A commit to be appended', commit);
  return Buffer.from(JSON.stringify(commit));
}

/** The subject of an aggregate. Throws `internal` when the id can't stand in a subject. */
export function subjectOf(ref: AggregateRef): string {
  if (!fits(Id, ref.id)) {
    throw new PlatformError('internal', 'An id is not valid.', {
      detail: `${ref.aggregate} id ${JSON.stringify(ref.id)}`,
    });
  }
  return subjects.aggregate(ref.aggregate, ref.id);
}

/**
 * The commit at a position, its events as today's versions of them. Throws `internal`, naming the position, when subject or bytes
 * are not what the log may hold.
 */
export function decodeCommit(
  position: Position,
  subject: string,
  bytes: Uint8Array,
  steps: Upcasters = UPCASTERS,
): RecordedCommit {
  const where = (): string => `The commit at position ${position} (${subject})`;
  const ref = refOf(subject);
  if (ref === null) throw corrupt(`${where()} stands under a subject that no aggregate has`);
  const commit = parseJson(bytes, where);
  if (!fits(Commit, commit)) throw unreadable(where(), commit);
  if (commit.envelopeV > ENVELOPE_VERSION) {
    throw corrupt(`${where()} was written by a newer version of the platform (envelope ${commit.envelopeV})`);
  }
  const events = upcastEvents(ref.aggregate, commit.events, steps);
  let known: string | undefined;
  return {
    ...commit,
    events,
    ref,
    position,
    // Most readers of a long history never ask for it.
    get hash() {
      return (known ??= hashOf(bytes));
    },
  };
}

/** What was decoded last, by position modulo its size: the readers of one process come by one after the other. */
const RECENT_COMMITS = 256;
const recent: { readonly subject: string; readonly bytes: Uint8Array; readonly commit: RecordedCommit }[] = [];

/** As `decodeCommit`, once for all readers in this process that are at the same place. */
export function decodeOnce(position: Position, subject: string, bytes: Uint8Array): RecordedCommit {
  const slot = position % RECENT_COMMITS;
  const known = recent[slot];
  if (known?.commit.position === position && known.subject === subject && Buffer.compare(known.bytes, bytes) === 0)
    return known.commit;
  const commit = decodeCommit(position, subject, bytes);
  recent[slot] = { subject, bytes, commit };
  return commit;
}

/** As `decodeOnce`; null for what can't be read, where the reader wants to be told of it and go on. */
export function decodeForReader(
  position: Position,
  subject: string,
  bytes: Uint8Array,
  { onUnreadable }: ReadOptions,
): RecordedCommit | null {
  try {
    return decodeOnce(position, subject, bytes);
  } catch (error) {
    if (onUnreadable === undefined) throw error;
    onUnreadable({ position, ref: refOf(subject), error });
    return null;
  }
}

/** Throws `internal` unless the commits are all of one aggregate's, in order, each naming the hash of the one before. */
export function verifyChain(commits: readonly RecordedCommit[]): void {
  let revision = 0;
  let previous = '';
  for (const commit of commits) {
    revision += 1;
    if (commit.revision !== revision || commit.prevHash !== previous) {
      throw corrupt(`The commit at position ${commit.position} of ${commit.ref.id} does not follow the one before it`);
    }
    previous = commit.hash;
  }
}

function refOf(subject: string): AggregateRef | null {
  const [root, aggregate, id, ...rest] = subject.split('.');
  if (root !== 'evt' || aggregate === undefined || id === undefined || rest.length > 0) return null;
  if (!isAggregate(aggregate) || !fits(Id, id)) return null;
  return { aggregate, id };
}

function isAggregate(name: string): name is AggregateName {
  return Object.hasOwn(ID_PREFIX, name);
}

function parseJson(bytes: Uint8Array, where: () => string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch (cause) {
    throw corrupt(`${where()} is not JSON`, cause);
  }
}

function unreadable(what: string, commit: unknown): PlatformError {
  const issues = issuesOf(Commit, commit).map((issue) => `${issue.pointer} ${issue.detail}`);
  return corrupt(`${what} is not a commit: ${issues.join(', ')}`);
}

function corrupt(detail: string, cause?: unknown): PlatformError {
  return new PlatformError('internal', 'The event log holds something that can not be read.', { detail, cause });
}
