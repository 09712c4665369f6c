// Where each aggregate's commits stand in the stream: read from it once, kept up by reading on.
import { PlatformError } from '@baton/errors';
import { BoundedCache } from '../bounded-cache.ts';
import type { Position } from '../port.ts';
import type { StreamLog } from './stream-log.ts';

interface Indexed {
  readonly position: Position;
  readonly subject: string;
  readonly commitId: string;
}

const PAGE = 1_024;
/** A commit id that was used longer ago is no longer known here; the expectation then tells a repeat. */
const RECENT_COMMITS = 8_192;

export class AggregateIndex {
  readonly #log: StreamLog;
  readonly #ofSubject = new Map<string, Position[]>();
  readonly #ofCommitId = new BoundedCache<Position>(RECENT_COMMITS);
  #end: Position = 0;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | null = null;

  constructor(log: StreamLog) {
    this.#log = log;
  }

  /** As far as the stream is known here. */
  get end(): Position {
    return this.#end;
  }

  positionsOf(subject: string): readonly Position[] {
    return this.#ofSubject.get(subject) ?? [];
  }

  lastOf(subject: string): Position {
    return this.#ofSubject.get(subject)?.at(-1) ?? 0;
  }

  positionOfCommit(commitId: string): Position | undefined {
    return this.#ofCommitId.get(commitId);
  }

  /** Takes in what is new; what is not the next one is read when it is needed. */
  learn(items: readonly Indexed[]): void {
    for (const item of items) if (item.position === this.#end + 1) this.#take(item);
  }

  /**
   * Reads to the end that the stream has now. A reading under way may have begun too early for this caller, so the next one is
   * shared instead, by all that ask before it begins.
   */
  catchUp(): Promise<void> {
    this.#next ??= this.#running.then(() => {
      this.#next = null;
      const reading = this.#read();
      this.#running = reading.catch(() => undefined);
      return reading;
    });
    return this.#next;
  }

  async #read(): Promise<void> {
    for (;;) {
      const page = await this.#log.read(this.#end + 1, PAGE);
      const last = page.at(-1)?.position ?? this.#end;
      this.learn(page);
      if (this.#end < last) throw new PlatformError('internal', 'The event log has lost commits.');
      if (page.length < PAGE) return;
    }
  }

  #take({ position, subject, commitId }: Indexed): void {
    this.#end = position;
    this.#ofCommitId.set(commitId, position);
    const positions = this.#ofSubject.get(subject);
    if (positions === undefined) this.#ofSubject.set(subject, [position]);
    else positions.push(position);
  }
}
