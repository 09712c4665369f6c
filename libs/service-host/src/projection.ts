// Projections: read models folded from the log into the read store, one document an aggregate.
import { setTimeout as sleep } from 'node:timers/promises';
import type { AggregateName, StreamName } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import {
  checkKnownEvents,
  type EventStore,
  type Followed,
  type RecordedCommit,
  type UnreadableCommit,
} from '@baton/event-store';
import type { Change, Checkpoint, Collection, Document, ReadStore } from '@baton/read-store';
import { readTogether } from './common-reading.ts';
import { type ParkedAggregate, type ParkedCommit, Parking } from './parking.ts';
import { Readers } from './readers.ts';
import { RevisionWaiters } from './revision-waiters.ts';

export interface Revised extends Document {
  readonly revision: number;
}

export interface Projection<D extends Revised> {
  readonly name: string;
  /** Raised when `apply` or `indexes` change: the read model is then rebuilt from the log. */
  readonly version: number;
  readonly indexes: readonly (readonly string[])[];
  readonly stream: StreamName;
  readonly aggregates: readonly AggregateName[];
  /** The document after the commit; null removes it. Pure. */
  apply(document: D | null, commit: RecordedCommit): D | null;
}

export interface ProjectionHandle<D extends Revised> {
  readonly collection: Collection<D>;
  /** Resolves when all that was in the log at the start has been applied. */
  readonly caughtUp: Promise<void>;
  /** Resolves when, after the signal's abort, nothing is written any more. */
  readonly stopped: Promise<void>;
  /** Resolves when the document has at least this revision; `unavailable` after `timeoutMs`, or at once when it is parked before that. */
  waitForRevision(id: string, revision: number, timeoutMs?: number): Promise<void>;
  /** What stands still, because a commit could not be applied; all else goes on. */
  parked(): readonly ParkedAggregate[];
}

export interface ProjectionContext {
  readonly store: EventStore;
  readonly readStore: ReadStore;
  readonly signal: AbortSignal;
  readonly report: (error: unknown, where: string) => void;
}

const BATCH = 500;
/** While the log is read for the first time: a document that changes often is then written once for many changes. */
const CATCH_UP_BATCH = 4_000;
const RETRY_MS = 500;
const MIN_INTERVAL_MS = 100;

export async function runProjection<D extends Revised>(
  projection: Projection<D>,
  context: ProjectionContext,
): Promise<ProjectionHandle<D>> {
  const collection = await context.readStore.collection<D>(projection.name, projection);
  const parking = await Parking.open(projection.name, projection.version, context.readStore);
  if (await mustBeginAnew(projection, { collection, parking, store: context.store })) {
    await collection.reset();
    await parking.reset();
  }
  const runner = new Runner(projection, { collection, parking }, context);
  const { caughtUp, stopped } = runner.run();
  return {
    collection: upToDate(collection, () => runner.written()),
    caughtUp,
    stopped,
    waitForRevision: (id, revision, timeoutMs = 5_000) => runner.waitForRevision(id, revision, timeoutMs),
    parked: () => parking.list(),
  };
}

/** Reads that see all that has arrived from the log before them. */
function upToDate<D extends Revised>(collection: Collection<D>, written: () => Promise<void>): Collection<D> {
  return {
    get: (id) => written().then(() => collection.get(id)),
    getMany: (ids) => written().then(() => collection.getMany(ids)),
    page: (request) => written().then(() => collection.page(request)),
    count: (filter) => written().then(() => collection.count(filter)),
    apply: (changes, checkpoint) => collection.apply(changes, checkpoint),
    checkpoint: () => collection.checkpoint(),
    reset: () => collection.reset(),
  };
}

interface Written<D extends Revised> {
  readonly collection: Collection<D>;
  readonly parking: Parking;
}

async function mustBeginAnew<D extends Revised>(
  projection: Projection<D>,
  { collection, parking, store }: Written<D> & { readonly store: EventStore },
): Promise<boolean> {
  // After a power cut on a log that was not fsynced, positions are used again: the stored hash then differs.
  const checkpoint = await collection.checkpoint();
  if (checkpoint && store.durability === 'fsync') mustReach(projection.name, checkpoint, await store.lastPosition());
  if (checkpoint && (await store.hashAt(checkpoint.position)) !== checkpoint.hash) return true;
  return parking.canLeave(store, (commits) => {
    commits.reduce<D | null>((document, commit) => applied(projection, document, commit), null);
  });
}

/**
 * What is on disk is not lost in a power cut: the log was damaged or is an older copy. Writing on would use positions again, and bury what
 * may still be saved.
 */
function mustReach(projection: string, { position }: Checkpoint, last: number): void {
  if (position <= last) return;
  throw new PlatformError(
    'internal',
    'The event log is shorter than what was read from it: commits are lost. Restore it; or, if it is meant to be shorter, rebuild the read models.',
    { detail: `it ends at ${last}, ${projection} has read ${position}` },
  );
}

/** Throws what makes a commit one that its aggregate is parked at. */
function applied<D extends Revised>(projection: Projection<D>, document: D | null, commit: RecordedCommit): D | null {
  checkKnownEvents(commit);
  return projection.apply(document, commit);
}

class Runner<D extends Revised> {
  readonly #projection: Projection<D>;
  readonly #collection: Collection<D>;
  readonly #parking: Parking;
  readonly #context: ProjectionContext;
  #pending: RecordedCommit[] = [];
  #batch = CATCH_UP_BATCH;
  /** All tries, and the pauses between them. */
  #writing: Promise<void> | null = null;
  /** Between a try that failed and the next one. */
  #isResting = false;
  #lastWriteAt = 0;
  /** Ends the pause before the next write. */
  #hurry: () => void = () => {};
  readonly #waiters = new RevisionWaiters();
  readonly #readers = new Readers();

  constructor(projection: Projection<D>, { collection, parking }: Written<D>, context: ProjectionContext) {
    this.#projection = projection;
    this.#collection = collection;
    this.#parking = parking;
    this.#context = context;
  }

  /** Follows the log until the signal aborts. */
  run(): { caughtUp: Promise<void>; stopped: Promise<void> } {
    const { promise: caughtUp, resolve, reject } = Promise.withResolvers<void>();
    const stopped = this.#follow(resolve).then(resolve, (error: unknown) => {
      this.#context.report(error, `projection ${this.#projection.name}`);
      reject(error);
    });
    return { caughtUp, stopped };
  }

  async #follow(caughtUp: () => void): Promise<void> {
    const after = (await this.#collection.checkpoint())?.position ?? 0;
    const { signal, store } = this.#context;
    const reader = {
      aggregates: this.#projection.aggregates,
      take: (batch: readonly Followed[]) => this.#take(batch, caughtUp),
      leaveOut: (unreadable: UnreadableCommit) => this.#leaveOut(unreadable),
    };
    await readTogether(reader, { store, after, signal });
    // What has not been written is read again at the next start.
    await this.#writing;
  }

  async #take(batch: readonly Followed[], caughtUp: () => void): Promise<void> {
    for (const item of batch) {
      if (item.kind === 'caught-up') {
        await this.#drain();
        this.#batch = BATCH;
        caughtUp();
      } else if (this.#projection.aggregates.includes(item.commit.ref.aggregate)) {
        this.#pending.push(item.commit);
        if (this.#pending.length >= this.#batch) await this.#drain();
        else if (this.#batch === BATCH) this.#flushSoon();
      }
    }
  }

  /** Starts writing what has gathered, unless that is under way: what comes meanwhile is then taken along. */
  #flushSoon(): void {
    if (this.#context.signal.aborted) this.#readers.letGo();
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = null;
      // What came between the last look and the end.
      if (this.#pending.length > 0 && !this.#context.signal.aborted) this.#flushSoon();
    });
  }

  /** Resolves when all that was pending is written, however often that has to be tried. */
  async #drain(): Promise<void> {
    this.#flushSoon();
    while (this.#writing) await this.#writing;
  }

  /** The one way to the read store. Of a write that failed nothing was taken off: it is tried again, and nothing later can be written before it. */
  async #writeAll(): Promise<void> {
    const { report, signal } = this.#context;
    while (this.#pending.length > 0 && !signal.aborted) {
      try {
        await this.#flush();
      } catch (error) {
        report(error, `projection ${this.#projection.name}`);
        // What can't be written now is not waited for.
        this.#isResting = true;
        this.#readers.letGo();
        await sleep(RETRY_MS, undefined, { signal, ref: false }).catch(() => {});
        this.#isResting = false;
      }
    }
    if (signal.aborted) this.#readers.letGo();
  }

  async #flush(): Promise<void> {
    try {
      await this.#pause();
      await this.#writePending();
    } finally {
      this.#lastWriteAt = performance.now();
    }
  }

  /** None after a quiet time, when a batch is full, or when somebody waits; else a busy log is written in far fewer transactions. */
  async #pause(): Promise<void> {
    const pauseMs = this.#lastWriteAt + MIN_INTERVAL_MS - performance.now();
    if (pauseMs <= 0 || this.#isAwaited() || this.#pending.length >= BATCH) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pauseMs);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** What arrives meanwhile gathers for the next time, unless somebody waits for it. */
  async #writePending(): Promise<void> {
    let least = 1;
    while (this.#pending.length >= least && !this.#context.signal.aborted) {
      const commits = this.#pending.slice(0, this.#batch);
      await this.#write(commits);
      this.#pending.splice(0, commits.length);
      this.#readers.letGo(commits.at(-1)?.position);
      least = this.#isAwaited() ? 1 : this.#batch;
    }
  }

  #isAwaited(): boolean {
    return this.#waiters.size > 0 || this.#readers.size > 0;
  }

  async #write(commits: readonly RecordedCommit[]): Promise<void> {
    const last = commits.at(-1);
    if (!last) return;
    const documents = await this.#applyAll(commits.filter((commit) => !this.#parking.leavesOut(commit)));
    const changes = [...documents].map(([id, document]): Change<D> =>
      document ? { kind: 'put', document } : { kind: 'delete', id },
    );
    const checkpoint = { position: last.position, hash: last.hash };
    await this.#parking.save(checkpoint);
    await this.#collection.apply(changes, checkpoint);
    this.#waiters.wake(documents);
  }

  /** What the documents of these commits' aggregates come to. A commit that can't be applied parks its aggregate, and nothing else. */
  async #applyAll(commits: readonly RecordedCommit[]): Promise<Map<string, D | null>> {
    const stored = await this.#stored(commits);
    const documents = new Map<string, D | null>();
    for (const commit of commits) {
      const { id } = commit.ref;
      if (this.#parking.leavesOut(commit)) continue;
      const before = documents.get(id);
      try {
        const document = before === undefined ? (stored.get(id) ?? null) : before;
        documents.set(id, applied(this.#projection, document, commit));
      } catch (error) {
        this.#park(commit, error);
      }
    }
    return documents;
  }

  async #stored(commits: readonly RecordedCommit[]): Promise<Map<string, D>> {
    // Of an aggregate that begins here there is nothing.
    const ids = new Set(commits.filter(({ revision }) => revision > 1).map(({ ref }) => ref.id));
    const documents = ids.size === 0 ? [] : await this.#collection.getMany([...ids]);
    return new Map(documents.map((document) => [document.id, document]));
  }

  #leaveOut({ position, ref, error }: UnreadableCommit): void {
    if (ref !== null && this.#projection.aggregates.includes(ref.aggregate)) {
      this.#park({ ref, position, revision: 0, at: 0 }, error);
    } else if (ref === null) {
      this.#context.report(error, `projection ${this.#projection.name}: position ${position} is left out`);
    }
  }

  #park(commit: ParkedCommit, error: unknown): void {
    const { id, position } = this.#parking.park(commit, error);
    this.#context.report(error, `projection ${this.#projection.name}: ${id} is parked at position ${position}`);
    this.#waiters.giveUp(id);
  }

  /** Resolves when what has arrived is written, or could not be. */
  async written(): Promise<void> {
    const position = this.#pending.at(-1)?.position;
    if (position === undefined || !this.#writing || this.#isResting) return;
    const waiting = this.#readers.wait(position);
    this.#hurry();
    await waiting;
  }

  async waitForRevision(id: string, revision: number, timeoutMs: number): Promise<void> {
    let isThere = false;
    await this.#waiters.wait(id, revision, timeoutMs, async () => {
      this.#hurry();
      const document = await this.#collection.get(id);
      isThere = document !== null && document.revision >= revision;
      return isThere || this.#isParkedBefore(id, revision);
    });
    if (!isThere && this.#isParkedBefore(id, revision)) throw standsStill();
  }

  #isParkedBefore(id: string, revision: number): boolean {
    return (this.#parking.find(id)?.revision ?? Number.POSITIVE_INFINITY) <= revision;
  }
}

function standsStill(): PlatformError {
  return new PlatformError(
    'unavailable',
    'The change is recorded, but can not be shown: what is shown of this stands still until an administrator looks at it.',
  );
}
