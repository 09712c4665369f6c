// Read models as they were: the log folded again up to then, by the projection that is in use, into a read store in memory.
import { PlatformError } from '@baton/errors';
import { checkKnownEvents, type EventStore } from '@baton/event-store';
import { type Change, type Collection, openSqliteReadStore, type ReadStore } from '@baton/read-store';
import type { Projection, Revised } from './projection.ts';
import { isLater, outside, refuseAhead, type When, whenOf } from './when.ts';

/** For reading. */
export type PastCollection<D extends Revised> = Pick<Collection<D>, 'get' | 'getMany' | 'page' | 'count'>;

export interface PastReaderOptions {
  readonly now: () => number;
}

/** Each takes memory for all that was there. */
const MOST_KEPT = 4;
/** Behind the one that is read. */
const MOST_WAITING = 4;
const PATIENCE_MS = 50_000;
/** Between two looks at whether others want something. */
const BATCH = 500;
/** What is as young as that may still get commits of the same time. */
const SETTLED_MS = 5_000;
/** Whoever has just been given one reads a page of it. */
const IN_USE_MS = 60_000;

interface Kept {
  readonly collection: PastCollection<Revised>;
  readonly store: ReadStore;
}

export class PastReader {
  readonly #now: () => number;
  /** The longest unused first. */
  readonly #kept = new Map<string, Kept>();
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor({ now }: PastReaderOptions) {
    this.#now = now;
  }

  /** `at` as `PastMoment` has it. `invalid_input` for what is ahead or before anything happened; `unavailable` where it takes too long. */
  async at<D extends Revised>(projection: Projection<D>, log: EventStore, at: string): Promise<PastCollection<D>> {
    const moment = whenOf(at);
    if ('time' in moment && moment.time > this.#now()) throw outside('lies in the future');
    const key = `${projection.name}@${at}`;
    const kept = this.#take(key);
    if (kept) return kept.collection as PastCollection<D>;
    if (this.#waiting > MOST_WAITING)
      throw new PlatformError('unavailable', 'Others are asking about the past. Try again in a moment.', {
        retryAfterMs: 2_000,
      });
    this.#waiting += 1;
    const made = this.#last.then(() => this.#make(projection, log, moment, key)).finally(() => (this.#waiting -= 1));
    this.#last = made.catch(() => {});
    return made;
  }

  async close(): Promise<void> {
    for (const { store } of this.#kept.values()) await store.close();
    this.#kept.clear();
  }

  async #make<D extends Revised>(
    projection: Projection<D>,
    log: EventStore,
    moment: When,
    key: string,
  ): Promise<PastCollection<D>> {
    // Made for another one who asked the same.
    const kept = this.#take(key);
    if (kept) return kept.collection as PastCollection<D>;
    await refuseOutside(log, moment);
    const documents = await this.#fold(projection, log, moment);
    const store = await openSqliteReadStore({ path: ':memory:' });
    const collection = await store.collection<D>(projection.name, projection);
    await fill(collection, documents);
    if ('position' in moment || moment.time < this.#now() - SETTLED_MS) this.#keep(key, { collection, store });
    else closeLater(store);
    return collection;
  }

  async #fold<D extends Revised>(projection: Projection<D>, log: EventStore, moment: When): Promise<Map<string, D>> {
    const deadline = this.#now() + PATIENCE_MS;
    const documents = new Map<string, D>();
    const parked = new Set<string>();
    let read = 0;
    const { aggregates } = projection;
    for await (const commit of log.readAll(0, { aggregates, onUnreadable: ({ ref }) => ref && parked.add(ref.id) })) {
      if (isLater(commit, moment)) break;
      const { id } = commit.ref;
      if (!parked.has(id)) {
        const document = folded(projection, documents.get(id) ?? null, commit);
        // As in the read model itself: what can't be applied stands still, and nothing else.
        if (document === undefined) parked.add(id);
        else if (document === null) documents.delete(id);
        else documents.set(id, document);
      }
      read += 1;
      if (read % BATCH === 0) await this.#breathe(deadline);
    }
    return documents;
  }

  async #breathe(deadline: number): Promise<void> {
    await breath();
    if (this.#now() <= deadline) return;
    throw new PlatformError('unavailable', `Reading the log up to then takes more than ${PATIENCE_MS / 1_000} s.`);
  }

  #take(key: string): Kept | undefined {
    const kept = this.#kept.get(key);
    if (!kept) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    return kept;
  }

  #keep(key: string, kept: Kept): void {
    this.#kept.set(key, kept);
    const [oldest] = this.#kept;
    if (this.#kept.size <= MOST_KEPT || !oldest) return;
    this.#kept.delete(oldest[0]);
    closeLater(oldest[1].store);
  }
}

/** Undefined: it can't be applied. */
function folded<D extends Revised>(
  projection: Projection<D>,
  document: D | null,
  commit: Parameters<Projection<D>['apply']>[1],
): D | null | undefined {
  try {
    checkKnownEvents(commit);
    return projection.apply(document, commit);
  } catch {
    return undefined;
  }
}

async function fill<D extends Revised>(collection: Collection<D>, documents: ReadonlyMap<string, D>): Promise<void> {
  let changes: Change<D>[] = [];
  let part = 0;
  const write = async () => {
    part += 1;
    await collection.apply(changes, { position: part, hash: '' });
    changes = [];
    await breath();
  };
  for (const document of documents.values()) {
    changes.push({ kind: 'put', document });
    if (changes.length === BATCH) await write();
  }
  await write();
}

function closeLater(store: ReadStore): void {
  setTimeout(() => void store.close(), IN_USE_MS).unref();
}

function breath(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function refuseOutside(log: EventStore, moment: When): Promise<void> {
  if ('position' in moment) return refuseAhead(log, moment.position);
  for await (const { at } of log.readAll(0)) {
    if (at > moment.time) break;
    return;
  }
  throw outside('lies before anything happened here');
}
