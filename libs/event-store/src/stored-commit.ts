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
import { DecodedCommit, type StoredMessage } from './decoded-commit.ts';
import { isPlainCommit } from './envelope.ts';
import { isId } from './is-id.ts';
import type { AggregateRef, Position, ReadOptions, RecordedCommit } from './port.ts';
import { UPCASTERS, type Upcasters, upcastEvents } from './upcasters.ts';

export { hashOf, type StoredMessage } from './decoded-commit.ts';

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
  return decoded({ position, subject, bytes }, steps);
}

function decoded(message: StoredMessage, steps: Upcasters): RecordedCommit {
  const { position, subject } = message;
  const ref = refOf(subject);
  if (ref === null) throw corrupt(`${placeOf(position, subject)} stands under a subject that no aggregate has`);
  const commit = parseJson(message);
  if (!isPlainCommit(commit) && !fits(Commit, commit)) throw unreadable(placeOf(position, subject), commit);
  if (commit.envelopeV > ENVELOPE_VERSION) {
    throw corrupt(
      `${placeOf(position, subject)} was written by a newer version of the platform (envelope ${commit.envelopeV})`,
    );
  }
  return new DecodedCommit(commit, upcastEvents(ref.aggregate, commit.events, steps), ref, message);
}

function placeOf(position: Position, subject: string): string {
  return `The commit at position ${position} (${subject})`;
}

/** What was decoded last, by position modulo its size: the readers of one process come by one after the other. */
const RECENT_COMMITS = 256;
const recent: { readonly message: StoredMessage; readonly commit: RecordedCommit }[] = [];

/** As `decodeCommit`, once for all readers in this process that are at the same place. */
export function decodeOnce(message: StoredMessage): RecordedCommit {
  const slot = message.position % RECENT_COMMITS;
  const known = recent[slot];
  if (known !== undefined && isSame(known.message, message)) return known.commit;
  const commit = decoded(message, UPCASTERS);
  recent[slot] = { message, commit };
  return commit;
}

function isSame(one: StoredMessage, other: StoredMessage): boolean {
  return (
    one.position === other.position && one.subject === other.subject && Buffer.compare(one.bytes, other.bytes) === 0
  );
}

/** What this process has just written, its readers need not decode, if these bytes are what the log has at the position. */
export function rememberWritten(commit: Commit, ref: AggregateRef, message: StoredMessage): void {
  const slot = message.position % RECENT_COMMITS;
  recent[slot] = { message, commit: new DecodedCommit(commit, commit.events, ref, message) };
}

/** As `decodeOnce`; null for what can't be read, where the reader wants to be told of it and go on. */
export function decodeForReader(message: StoredMessage, { onUnreadable }: ReadOptions): RecordedCommit | null {
  try {
    return decodeOnce(message);
  } catch (error) {
    if (onUnreadable === undefined) throw error;
    onUnreadable({ position: message.position, ref: refOf(message.subject), error });
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

const ROOT = 'evt.';
/** Commits say so themselves if they are not valid; a mark of byte order stands in none. */
const TEXT = new TextDecoder('utf-8', { ignoreBOM: true });

function refOf(subject: string): AggregateRef | null {
  const dot = subject.indexOf('.', ROOT.length);
  if (dot === -1 || !subject.startsWith(ROOT)) return null;
  const aggregate = subject.slice(ROOT.length, dot);
  const id = subject.slice(dot + 1);
  return isAggregate(aggregate) && isId(id) ? { aggregate, id } : null;
}

function isAggregate(name: string): name is AggregateName {
  return Object.hasOwn(ID_PREFIX, name);
}

function parseJson({ position, subject, bytes, text }: StoredMessage): unknown {
  try {
    return JSON.parse(text ?? TEXT.decode(bytes));
  } catch (cause) {
    throw corrupt(`${placeOf(position, subject)} is not JSON`, cause);
  }
}

function unreadable(what: string, commit: unknown): PlatformError {
  const issues = issuesOf(Commit, commit).map((issue) => `${issue.pointer} ${issue.detail}`);
  return corrupt(`${what} is not a commit: ${issues.join(', ')}`);
}

function corrupt(detail: string, cause?: unknown): PlatformError {
  return new PlatformError('internal', 'The event log holds something that can not be read.', { detail, cause });
}
