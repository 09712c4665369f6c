// Projections: read models folded from the log into the read store, one document an aggregate.
import type { AggregateName, StreamName } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { EventStore, RecordedCommit } from '@baton/event-store';
import type { Change, Collection, Document, ReadStore } from '@baton/read-store';

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
  /** Resolves when the document has at least this revision; `unavailable` after `timeoutMs`. */
  waitForRevision(id: string, revision: number, timeoutMs?: number): Promise<void>;
}

export interface ProjectionContext {
  readonly store: EventStore;
  readonly readStore: ReadStore;
  readonly signal: AbortSignal;
  readonly report: (error: unknown, where: string) => void;
}

const BATCH = 500;
/** While the log is read for the first time: a document that changes often is then written once for many changes. */
const CATCH_UP_BATCH = 2_000;
const RETRY_MS = 500;
const MIN_INTERVAL_MS = 100;

export async function runProjection<D extends Revised>(
  projection: Projection<D>,
  context: ProjectionContext,
): Promise<ProjectionHandle<D>> {
  const collection = await context.readStore.collection<D>(projection.name, projection);
  await discardIfLogDiffers(collection, context.store);
  const runner = new Runner(projection, collection, context);
  const { caughtUp, stopped } = runner.run();
  return {
    collection: upToDate(collection, () => runner.written()),
    caughtUp,
    stopped,
    waitForRevision: (id, revision, timeoutMs = 5_000) => runner.waitForRevision(id, revision, timeoutMs),
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

/** After a power cut on a log that was not fsynced, positions are used again: the stored hash then differs. */
async function discardIfLogDiffers<D extends Document>(collection: Collection<D>, store: EventStore): Promise<void> {
  const checkpoint = await collection.checkpoint();
  if (checkpoint && (await store.hashAt(checkpoint.position)) !== checkpoint.hash) await collection.reset();
}

interface Waiter {
  readonly id: string;
  readonly revision: number;
  readonly resolve: () => void;
}

class Runner<D extends Revised> {
  readonly #projection: Projection<D>;
  readonly #collection: Collection<D>;
  readonly #context: ProjectionContext;
  #pending: RecordedCommit[] = [];
  #batch = CATCH_UP_BATCH;
  #flushing: Promise<void> | null = null;
  #lastWriteAt = 0;
  /** Ends the pause before the next write. */
  #hurry: () => void = () => {};
  readonly #waiters = new Set<Waiter>();

  constructor(projection: Projection<D>, collection: Collection<D>, context: ProjectionContext) {
    this.#projection = projection;
    this.#collection = collection;
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
    for await (const item of store.subscribe(after, { aggregates: this.#projection.aggregates, signal })) {
      if (item.kind === 'caught-up') {
        await this.#drain();
        this.#batch = BATCH;
        caughtUp();
      } else {
        this.#pending.push(item.commit);
        if (this.#pending.length >= this.#batch) await this.#drain();
        else if (this.#batch === BATCH) this.#flushSoon();
      }
    }
    // What has not been written is read again at the next start.
    await this.#flushing?.catch(() => {});
  }

  /** Starts writing what has gathered, unless a write is under way: the next one then takes it along. */
  #flushSoon(): void {
    if (this.#flushing) return;
    void this.#flush().catch((error: unknown) => {
      // Nothing was taken off: it is tried again, and nothing later can be written before it.
      this.#context.report(error, `projection ${this.#projection.name}`);
      if (!this.#context.signal.aborted) setTimeout(() => this.#flushSoon(), RETRY_MS).unref();
    });
  }

  async #drain(): Promise<void> {
    const { signal } = this.#context;
    while (!signal.aborted && (this.#flushing || this.#pending.length > 0)) await (this.#flushing ?? this.#flush());
  }

  #flush(): Promise<void> {
    this.#flushing = this.#pause()
      .then(() => this.#writePending())
      .finally(() => {
        this.#flushing = null;
        this.#lastWriteAt = performance.now();
      });
    return this.#flushing;
  }

  /** None after a quiet time, when a batch is full, or when somebody waits; else a busy log is written in far fewer transactions. */
  async #pause(): Promise<void> {
    const pauseMs = this.#lastWriteAt + MIN_INTERVAL_MS - performance.now();
    if (pauseMs <= 0 || this.#waiters.size > 0 || this.#pending.length >= BATCH) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pauseMs);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #writePending(): Promise<void> {
    while (this.#pending.length > 0 && !this.#context.signal.aborted) {
      const commits = this.#pending.slice(0, this.#batch);
      await this.#write(commits);
      this.#pending.splice(0, commits.length);
    }
  }

  async #write(commits: readonly RecordedCommit[]): Promise<void> {
    const last = commits.at(-1);
    if (!last) return;
    const ids = [...new Set(commits.map((commit) => commit.ref.id))];
    const documents = new Map<string, D | null>(
      (await this.#collection.getMany(ids)).map((document) => [document.id, document]),
    );
    for (const commit of commits) {
      documents.set(commit.ref.id, this.#projection.apply(documents.get(commit.ref.id) ?? null, commit));
    }
    const changes = ids.map((id): Change<D> => {
      const document = documents.get(id) ?? null;
      return document ? { kind: 'put', document } : { kind: 'delete', id };
    });
    await this.#collection.apply(changes, { position: last.position, hash: last.hash });
    this.#wake(documents);
  }

  #wake(documents: ReadonlyMap<string, D | null>): void {
    for (const waiter of this.#waiters) {
      const document = documents.get(waiter.id);
      // A removed document will never reach the revision: its absence is the news.
      if (document === null || (document && document.revision >= waiter.revision)) waiter.resolve();
    }
  }

  /** Resolves when what has arrived is written, or could not be. */
  async written(): Promise<void> {
    this.#hurry();
    await this.#flushing?.catch(() => {});
  }

  async waitForRevision(id: string, revision: number, timeoutMs: number): Promise<void> {
    let release: () => void = () => {};
    const reached = new Promise<void>((resolve) => (release = resolve));
    const waiter = { id, revision, resolve: release };
    this.#waiters.add(waiter);
    this.#hurry();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const error = new PlatformError(
        'unavailable',
        'The change is recorded but not readable yet. Read again in a moment.',
        { retryAfterMs: 500 },
      );
      timer = setTimeout(() => reject(error), timeoutMs);
    });
    try {
      const document = await this.#collection.get(id);
      if (document && document.revision >= revision) return;
      await Promise.race([reached, late]);
    } finally {
      clearTimeout(timer);
      this.#waiters.delete(waiter);
    }
  }
}
