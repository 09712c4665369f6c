// Checks one stream commit by commit: position, envelope, chain of its aggregate, schema of its events, and that they can be folded.
import { PlatformError } from '@baton/errors';
import {
  checkNewEvents,
  decodeCommit,
  type Position,
  type RecordedCommit,
  type StoredMessage,
} from '@baton/event-store';
import type { LogStream } from '../log-streams.ts';
import { EMPTY_MARK, nextMark, type StreamMark } from '../rolling-hash.ts';
import type { Reducers } from './reducers.ts';

/** The first thing that is wrong in a stream. */
export interface Fault {
  readonly stream: LogStream;
  readonly position: Position;
  /** Empty where no commit is at fault, but that one is missing. */
  readonly subject: string;
  readonly why: string;
}

interface Chain {
  revision: number;
  hash: string;
  state: unknown;
}

export interface VerifierOptions {
  readonly stream: LogStream;
  readonly reducers: Reducers;
  /** Where an earlier part of the stream ended; its beginning if absent. Chains that began before are then not followed. */
  readonly after?: StreamMark;
}

export class StreamVerifier {
  readonly #options: VerifierOptions;
  readonly #chains = new Map<string, Chain>();
  readonly #isWhole: boolean;
  #mark: StreamMark;
  #events = 0;

  constructor(options: VerifierOptions) {
    this.#options = options;
    this.#mark = options.after ?? EMPTY_MARK;
    this.#isWhole = this.#mark.position === 0;
  }

  /** After what was taken last. */
  get mark(): StreamMark {
    return this.#mark;
  }

  get events(): number {
    return this.#events;
  }

  /** What is wrong with the next message; null if nothing is. After a fault nothing more may be taken. */
  take({ position, subject, bytes }: StoredMessage): Fault | null {
    const expected = this.#mark.position + 1;
    if (position !== expected) return this.#fault(expected, '', missing(expected, position));
    try {
      const commit = decodeCommit(position, subject, bytes);
      this.#follow(subject, commit);
      this.#mark = nextMark(this.#mark, position, subject, commit.hash);
      this.#events += commit.events.length;
      return null;
    } catch (error) {
      return this.#fault(position, subject, reasonOf(error));
    }
  }

  /** What is wrong with a stream that ends here but should reach `end`. */
  ended(end: Position): Fault | null {
    const { position } = this.#mark;
    return position === end ? null : this.#fault(position + 1, '', missing(position + 1, end + 1));
  }

  #follow(subject: string, commit: RecordedCommit): void {
    const chain = this.#chains.get(subject) ?? this.#begun(commit);
    if (commit.revision !== chain.revision + 1)
      throw new Error(`it is revision ${commit.revision} of its aggregate, and follows revision ${chain.revision}`);
    if (commit.prevHash !== chain.hash)
      throw new Error(`it names ${named(commit.prevHash)} as the commit before it, whose hash is ${named(chain.hash)}`);
    checkNewEvents(commit.ref, commit.events);
    chain.revision = commit.revision;
    chain.hash = commit.hash;
    if (this.#isWhole) chain.state = this.#fold(commit, chain.state);
    this.#chains.set(subject, chain);
  }

  /** In a later part of a stream the first commit seen of an aggregate says itself what it follows. */
  #begun(commit: RecordedCommit): Chain {
    const reducer = this.#options.reducers[commit.ref.aggregate];
    if (this.#isWhole) return { revision: 0, hash: '', state: reducer?.initialState };
    return { revision: commit.revision - 1, hash: commit.prevHash, state: undefined };
  }

  #fold(commit: RecordedCommit, state: unknown): unknown {
    const reducer = this.#options.reducers[commit.ref.aggregate];
    if (reducer === undefined) return state;
    try {
      return commit.events.reduce<unknown>((before, event) => reducer.evolve(before as never, event as never), state);
    } catch (error) {
      throw new Error(`its events can not be folded: ${reasonOf(error)}`, { cause: error });
    }
  }

  #fault(position: Position, subject: string, why: string): Fault {
    return { stream: this.#options.stream, position, subject, why };
  }
}

function missing(from: Position, next: Position): string {
  return from === next - 1 ? `position ${from} is missing` : `positions ${from} to ${next - 1} are missing`;
}

function named(hash: string): string {
  return hash === '' ? 'none' : `${hash.slice(0, 12)}...`;
}

export function reasonOf(error: unknown): string {
  if (error instanceof PlatformError) return error.detail ?? error.message;
  return error instanceof Error ? error.message : String(error);
}
