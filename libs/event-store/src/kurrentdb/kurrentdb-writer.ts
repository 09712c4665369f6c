// The pipelined writer over KurrentDB: what waits is sent as one atomic append, and the next when that is answered.
import { PlatformError } from '@baton/errors';
import type { StreamName } from '@baton/contracts';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AggregateRef, Appended, Commit, Position } from '../port.ts';
import {
  DEFAULT_MAX_IN_FLIGHT,
  lostRace,
  type PendingWrite,
  type StreamWriter,
  type WriterOptions,
  type WriterState,
} from '../stream-writer.ts';
import type { AggregateIndex } from './aggregate-index.ts';
import { withinLimits } from './batch.ts';
import { type Draft, draftOf, isSame } from './draft.ts';
import type { StreamLog } from './stream-log.ts';

const PAUSE_MS = 100;

interface Entry {
  readonly draft: Draft;
  readonly position: Position;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: PlatformError) => void;
}

export interface WrittenStream {
  readonly log: StreamLog;
  readonly index: AggregateIndex;
  readonly stream: StreamName;
}

export class KurrentDbWriter implements StreamWriter {
  readonly #target: WrittenStream;
  readonly #maxInFlight: number;
  #entries: Entry[] = [];
  #state: WriterState = 'open';
  #sending = false;
  #most: number | undefined;
  #lastAssigned: Position;
  #waiting: (() => void)[] = [];

  constructor(target: WrittenStream, options: WriterOptions) {
    this.#target = target;
    this.#lastAssigned = options.after;
    this.#maxInFlight = options.maxInFlight ?? DEFAULT_MAX_IN_FLIGHT;
  }

  get state(): WriterState {
    return this.#state;
  }

  get lastAssigned(): Position {
    return this.#lastAssigned;
  }

  write(ref: AggregateRef, commit: Commit): PendingWrite {
    if (this.#state === 'lost') throw lostRace();
    if (this.#state === 'closed') throw new PlatformError('unavailable', 'The writer is closed.');
    const draft = draftOf(this.#target.stream, ref, commit);
    const position = (this.#lastAssigned += 1);
    const { promise: done, resolve, reject } = Promise.withResolvers<Appended>();
    // A caller may look at the writer's state instead: a rejection that nobody awaits must not end the process.
    done.catch(() => undefined);
    this.#entries.push({ draft, position, resolve, reject });
    if (!this.#sending) void this.#send();
    return { position, hash: draft.hash, done };
  }

  async ready(): Promise<void> {
    while (this.#entries.length >= this.#maxInFlight) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  reset(after: Position): void {
    if (this.#state === 'closed') throw new PlatformError('unavailable', 'The writer is closed.');
    if (this.#entries.length > 0) throw new PlatformError('internal', 'A writer was reset with commits in flight.');
    this.#lastAssigned = after;
    this.#state = 'open';
  }

  close(): void {
    if (this.#state === 'closed') return;
    const unknown = () => new PlatformError('outcome_unknown', 'The writer was closed.', { retryAfterMs: 1_000 });
    this.#giveUp('closed', unknown(), unknown);
  }

  async #send(): Promise<void> {
    this.#sending = true;
    // All that is written in the same turn goes into one append.
    await Promise.resolve();
    while (this.#state === 'open' && this.#entries.length > 0) await this.#sendBatch();
    this.#sending = false;
    if (this.#state === 'open' && this.#entries.length > 0) void this.#send();
  }

  /** The very same append until there is a definite answer. */
  async #sendBatch(): Promise<void> {
    const batch = withinLimits(this.#entries, this.#most);
    const [head] = batch;
    if (head === undefined) return;
    const drafts = batch.map(({ draft }) => draft);
    while (this.#entries[0] === head) {
      const answer = await this.#target.log.append(drafts, head.position - 1);
      if (this.#entries[0] !== head) return;
      if (answer.kind === 'stored') return this.#stored(batch);
      if (answer.kind === 'conflict') return this.#reconcile(head, batch);
      if (answer.kind === 'refused' && batch.length > 1) return void (this.#most = 1);
      if (answer.kind === 'refused') return this.#giveUp('lost', answer.error, lostRace);
      await sleep(PAUSE_MS);
    }
  }

  #stored(batch: readonly Entry[]): void {
    this.#most = undefined;
    this.#entries = this.#entries.slice(batch.length);
    this.#target.index.learn(batch.map(({ draft, position }) => ({ ...draft, position })));
    for (const { position, draft, resolve } of batch) resolve({ position, hash: draft.hash });
    this.#wakeWaiting();
  }

  /** The batch is whole in the log or not at all, so its first commit tells which. Asks as long as it takes. */
  async #reconcile(head: Entry, batch: readonly Entry[]): Promise<void> {
    const found = await this.#target.log.read(head.position, 1).catch(() => null);
    if (this.#entries[0] !== head) return;
    if (found === null) await sleep(PAUSE_MS);
    else if (isSame(found[0], head.draft)) this.#stored(batch);
    else this.#giveUp('lost', lostRace(), lostRace);
  }

  #giveUp(state: 'lost' | 'closed', first: PlatformError, behind: () => PlatformError): void {
    const entries = this.#entries;
    this.#entries = [];
    this.#most = undefined;
    this.#state = state;
    for (const [index, entry] of entries.entries()) entry.reject(index === 0 ? first : behind());
    this.#wakeWaiting();
  }

  #wakeWaiting(): void {
    if (this.#entries.length >= this.#maxInFlight) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
