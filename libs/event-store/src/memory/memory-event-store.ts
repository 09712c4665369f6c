// The event log in memory, for tests: same guarantees, same bytes, nothing kept.
import { STREAM_SUBJECTS, type StreamName } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type {
  AggregateRef,
  Appended,
  Commit,
  Expectation,
  Followed,
  Position,
  ReadOptions,
  RecordedCommit,
} from '../port.ts';
import { decodeCommit, encodeCommit, hashOf, subjectOf } from '../stored-commit.ts';
import type { PipelinedEventStore, StreamWriter, WriterOptions } from '../stream-writer.ts';
import { MemoryWriter } from './memory-writer.ts';

interface Entry {
  readonly subject: string;
  readonly bytes: Uint8Array;
  readonly hash: string;
}

export interface MemoryEventStoreOptions {
  /** Refuse aggregates that this stream does not capture; all are taken if absent. */
  readonly stream?: StreamName;
}

export function memoryEventStore(options: MemoryEventStoreOptions = {}): PipelinedEventStore {
  return new MemoryEventStore(options.stream);
}

class MemoryEventStore implements PipelinedEventStore {
  readonly durability = 'memory';
  readonly #stream: StreamName | undefined;
  readonly #entries: Entry[] = [];
  readonly #ofSubject = new Map<string, Position[]>();
  readonly #ofCommitId = new Map<string, Position>();
  readonly #waiting = new Set<() => void>();

  constructor(stream: StreamName | undefined) {
    this.#stream = stream;
  }

  async append(ref: AggregateRef, commit: Commit, expected: Expectation): Promise<Appended> {
    return this.#append(ref, commit, expected);
  }

  async readAggregate(ref: AggregateRef): Promise<RecordedCommit[]> {
    return (this.#ofSubject.get(subjectOf(ref)) ?? []).map((position) => this.#decode(position));
  }

  async *readAll(after: Position, options: ReadOptions = {}): AsyncGenerator<RecordedCommit> {
    const end = this.#entries.length;
    for (let position = after + 1; position <= end; position += 1) {
      if (options.signal?.aborted) return;
      const commit = this.#decode(position);
      if (isWanted(commit, options)) yield commit;
    }
  }

  async *subscribe(after: Position, options: ReadOptions = {}): AsyncGenerator<Followed> {
    const end = this.#entries.length;
    if (after > end) throw new PlatformError('internal', 'The event log is shorter than what was read from it.');
    for (let position = after; ;) {
      if (position === end) yield { kind: 'caught-up', position };
      if (position === this.#entries.length) await this.#grown(options.signal);
      if (options.signal?.aborted) return;
      position += 1;
      const commit = this.#decode(position);
      if (isWanted(commit, options)) yield { kind: 'commit', commit };
      if (options.signal?.aborted) return;
    }
  }

  async lastPosition(): Promise<Position> {
    return this.#entries.length;
  }

  async hashAt(position: Position): Promise<string | null> {
    return this.#entries[position - 1]?.hash ?? null;
  }

  openWriter(options: WriterOptions): StreamWriter {
    return new MemoryWriter((ref, commit, expected) => this.#append(ref, commit, expected), options);
  }

  #append(ref: AggregateRef, commit: Commit, expected: Expectation): Appended {
    const subject = subjectOf(ref);
    this.#mustCapture(ref);
    const bytes = encodeCommit(commit);
    const known = this.#ofCommitId.get(commit.commitId);
    if (known !== undefined) return this.#repeated(known, subject, bytes);
    const ofSubject = this.#ofSubject.get(subject) ?? [];
    const last = expected.kind === 'stream' ? this.#entries.length : (ofSubject.at(-1) ?? 0);
    if (last !== expected.position) throw new PlatformError('conflict', 'Somebody else changed it at the same time.');
    const position = this.#entries.push({ subject, bytes, hash: hashOf(bytes) });
    ofSubject.push(position);
    this.#ofSubject.set(subject, ofSubject);
    this.#ofCommitId.set(commit.commitId, position);
    for (const wake of this.#waiting) wake();
    return { position, hash: hashOf(bytes) };
  }

  #repeated(position: Position, subject: string, bytes: Uint8Array): Appended {
    const entry = this.#entries[position - 1];
    if (entry === undefined || entry.subject !== subject || entry.hash !== hashOf(bytes)) {
      throw new PlatformError('internal', 'A commit id was used twice.', { detail: `at position ${position}` });
    }
    return { position, hash: entry.hash };
  }

  #mustCapture(ref: AggregateRef): void {
    if (
      this.#stream === undefined ||
      (STREAM_SUBJECTS[this.#stream] as readonly string[]).includes(`evt.${ref.aggregate}.*`)
    )
      return;
    throw new PlatformError('internal', 'An aggregate was written to the wrong stream.', {
      detail: `${ref.aggregate} to ${this.#stream}`,
    });
  }

  #decode(position: Position): RecordedCommit {
    const entry = this.#entries[position - 1];
    if (entry === undefined)
      throw new PlatformError('internal', 'The event log is shorter than what was read from it.');
    return decodeCommit(position, entry.subject, entry.bytes);
  }

  /** Resolves at the next append, or when the signal aborts. */
  #grown(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      if (signal?.aborted) return resolve();
      this.#waiting.add(wake);
      signal?.addEventListener('abort', wake);
    });
  }
}

function isWanted(commit: RecordedCommit, { aggregates }: ReadOptions): boolean {
  return aggregates === undefined || aggregates.includes(commit.ref.aggregate);
}
