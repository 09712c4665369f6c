// Appends of one process, written together: each batch is atomic and expects the stream to end where it is known to end.
import { PlatformError } from '@baton/errors';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Appended, Expectation, Position } from '../port.ts';
import type { AggregateIndex } from './aggregate-index.ts';
import { conflict, logUnavailable, outcomeUnknown } from './answer.ts';
import { fitting, type Waiting, withinLimits } from './batch.ts';
import { type Draft, isSame } from './draft.ts';
import type { StreamLog } from './stream-log.ts';

const PAUSE_MS = 50;

interface Entry extends Waiting {
  readonly deadline: number;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: unknown) => void;
  /** It was sent, and neither yes nor no came back. */
  outcomeOpen: boolean;
}

export class AppendQueue {
  readonly #log: StreamLog;
  readonly #index: AggregateIndex;
  #entries: Entry[] = [];
  #running = false;
  /** After a refusal one by one, so that one commit that is too large does not stand for the others. */
  #most: number | undefined;

  constructor(log: StreamLog, index: AggregateIndex) {
    this.#log = log;
    this.#index = index;
  }

  append(draft: Draft, expected: Expectation): Promise<Appended> {
    return new Promise((resolve, reject) => {
      const deadline = performance.now() + this.#log.timeoutMs;
      this.#entries.push({ draft, expected, deadline, resolve, reject, outcomeOpen: false });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    // All that is appended in the same turn goes into one batch.
    await Promise.resolve();
    while (this.#entries.length > 0) await this.#round();
    this.#most = undefined;
    this.#running = false;
  }

  async #round(): Promise<void> {
    const ahead = this.#entries.filter((entry) => this.#known(entry) < entry.expected.position);
    if (ahead.length > 0) await this.#readFor(ahead);
    const refuted = this.#entries.filter((entry) => this.#isRefuted(entry));
    await Promise.all(refuted.map((entry) => this.#judge(entry)));
    const batch = withinLimits(fitting(this.#entries, this.#index), this.#most);
    if (batch.length > 0) await this.#send(batch);
  }

  /** They expect more than is known here, which may only be news. Whoever comes while it is read is not judged by it. */
  async #readFor(ahead: readonly Entry[]): Promise<void> {
    try {
      await this.#index.catchUp();
    } catch (error) {
      return this.#failed(ahead, error);
    }
    const still = ahead.filter((entry) => this.#known(entry) < entry.expected.position);
    await Promise.all(still.map((entry) => this.#judge(entry)));
  }

  /** Where what an expectation is about ends, as far as it is known here. */
  #known({ draft, expected }: Entry): Position {
    return expected.kind === 'stream' ? this.#index.end : this.#index.lastOf(draft.subject);
  }

  /** Whether it can never fit: the log only grows. */
  #isRefuted(entry: Entry): boolean {
    const { expected, draft } = entry;
    return this.#known(entry) > expected.position || this.#index.positionOfCommit(draft.commitId) !== undefined;
  }

  /** Repeats the very same append until there is a definite answer, or nobody waits for it any more. */
  async #send(batch: readonly Entry[]): Promise<void> {
    const after = this.#index.end;
    const drafts = batch.map(({ draft }) => draft);
    while (batch.some((entry) => this.#entries.includes(entry))) {
      const answer = await this.#log.append(drafts, after);
      if (answer.kind === 'stored') return this.#stored(batch, after);
      // Now it is certain that none of them will ever stand there unless all do: reading tells which.
      if (answer.kind === 'conflict') return this.#reread(batch);
      if (answer.kind === 'refused') return this.#refused(batch, answer.error);
      for (const entry of batch) entry.outcomeOpen = true;
      this.#expire(batch, answer.error);
      await sleep(PAUSE_MS);
    }
  }

  #stored(batch: readonly Entry[], after: Position): void {
    this.#index.learn(batch.map(({ draft }, offset) => ({ ...draft, position: after + offset + 1 })));
    for (const [offset, entry] of batch.entries()) {
      this.#settle(entry, () => entry.resolve({ position: after + offset + 1, hash: entry.draft.hash }));
    }
  }

  async #reread(batch: readonly Entry[]): Promise<void> {
    await this.#index.catchUp().catch((error: unknown) => this.#failed(batch, error));
  }

  #refused(batch: readonly Entry[], error: PlatformError): void {
    this.#most = 1;
    if (batch.length > 1) return;
    for (const entry of batch)
      this.#settle(entry, () => entry.reject(entry.outcomeOpen ? outcomeUnknown(error) : error));
  }

  /** Its expectation does not hold. If this commit was stored, it is the first one behind the expected position. */
  async #judge(entry: Entry): Promise<void> {
    const { draft, expected } = entry;
    const known = this.#index.positionOfCommit(draft.commitId);
    try {
      const position = known ?? this.#firstBehind(draft, expected);
      const [stored] = position === null ? [] : await this.#log.read(position, 1);
      this.#settle(entry, () => {
        if (isSame(stored, draft)) return entry.resolve({ position: stored.position, hash: draft.hash });
        if (known === undefined) return entry.reject(conflict(`${draft.subject} behind ${expected.position}`));
        entry.reject(new PlatformError('internal', 'A commit id was used twice.', { detail: `at position ${known}` }));
      });
    } catch (error) {
      this.#failed([entry], error);
    }
  }

  #firstBehind({ subject }: Draft, { kind, position }: Expectation): Position | null {
    if (kind === 'stream') return position < this.#index.end ? position + 1 : null;
    return this.#index.positionsOf(subject).find((found) => found > position) ?? null;
  }

  /** The log could not be read for as long as a read may take. */
  #failed(entries: readonly Entry[], error: unknown): void {
    for (const entry of entries)
      this.#settle(entry, () => entry.reject(entry.outcomeOpen ? outcomeUnknown(error) : error));
  }

  #expire(batch: readonly Entry[], error: PlatformError): void {
    const now = performance.now() + PAUSE_MS;
    const late = this.#entries.filter(({ deadline }) => now > deadline);
    for (const entry of late) {
      const cause = batch.includes(entry) ? outcomeUnknown(error) : logUnavailable(error);
      this.#settle(entry, () => entry.reject(cause));
    }
  }

  #settle(entry: Entry, answer: () => void): void {
    this.#entries = this.#entries.filter((waiting) => waiting !== entry);
    answer();
  }
}
