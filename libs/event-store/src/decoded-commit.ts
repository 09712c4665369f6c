// A commit as it is read: its members, where it stands, and its hash, which is reckoned when somebody asks for it.
import type { Commit } from '@baton/contracts';
import { hash } from 'node:crypto';
import type { AggregateRef, Position, RecordedCommit, StoredEvent } from './port.ts';

/** SHA-256 (hex) over a commit's stored bytes: what the aggregate's next commit carries as `prevHash`. */
export function hashOf(bytes: Uint8Array): string {
  return hash('sha256', bytes);
}

/** What the log holds at a position. */
export interface StoredMessage {
  readonly position: Position;
  readonly subject: string;
  readonly bytes: Uint8Array;
  /** The bytes as text, where somebody had it anyway. */
  readonly text?: string;
}

/** A class, as long histories are made of these: an object with an accessor of its own takes ten times as long to make. */
export class DecodedCommit implements RecordedCommit {
  readonly envelopeV: number;
  readonly commitId: string;
  readonly commandId: string;
  readonly requestHash: string;
  readonly actor: string;
  readonly credentialId: string;
  declare readonly term?: number;
  readonly correlationId: string;
  readonly causationId: string;
  readonly revision: number;
  readonly prevHash: string;
  readonly at: number;
  readonly events: StoredEvent[];
  readonly ref: AggregateRef;
  readonly position: Position;
  /** Asked for its bytes when the hash is: they may have to be cut out of many. */
  readonly #message: Pick<StoredMessage, 'position' | 'bytes'>;
  #hash: string | undefined;

  constructor(
    commit: Commit,
    events: StoredEvent[],
    ref: AggregateRef,
    message: Pick<StoredMessage, 'position' | 'bytes'>,
  ) {
    this.envelopeV = commit.envelopeV;
    this.commitId = commit.commitId;
    this.commandId = commit.commandId;
    this.requestHash = commit.requestHash;
    this.actor = commit.actor;
    this.credentialId = commit.credentialId;
    if (commit.term !== undefined) this.term = commit.term;
    this.correlationId = commit.correlationId;
    this.causationId = commit.causationId;
    this.revision = commit.revision;
    this.prevHash = commit.prevHash;
    this.at = commit.at;
    this.events = events;
    this.ref = ref;
    this.position = message.position;
    this.#message = message;
  }

  /** Most readers of a long history never ask for it. */
  get hash(): string {
    return (this.#hash ??= hashOf(this.#message.bytes));
  }
}
