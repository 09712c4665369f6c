// Aggregates that a projection can't go on with: parked at the commit that it stumbled over, so that all others go on.
import type { AggregateName } from '@baton/contracts';
import type { EventStore, RecordedCommit } from '@baton/event-store';
import type { Checkpoint, Collection, Document, ReadStore } from '@baton/read-store';
import { Gauge } from 'prom-client';

export interface ParkedAggregate extends Document {
  readonly projection: string;
  readonly aggregate: AggregateName;
  /** Of the commit: it and what comes behind it are not in the read model. */
  readonly position: number;
  readonly revision: number;
  readonly reason: string;
  /** When the commit was made. */
  readonly createdAt: number;
}

export const PARKED_METRIC = 'baton_projection_parked_aggregates';
const gauge = new Gauge({
  name: PARKED_METRIC,
  help: 'Aggregates whose read model stands still, because a commit of theirs could not be applied.',
  labelNames: ['projection'],
});

/** What is known of the commit: revision and time are 0 where it can't be read. */
export type ParkedCommit = Pick<RecordedCommit, 'ref' | 'position' | 'revision' | 'at'>;

export class Parking {
  readonly #projection: string;
  readonly #collection: Collection<ParkedAggregate>;
  readonly #parked = new Map<string, ParkedAggregate>();
  #unsaved = new Map<string, ParkedAggregate>();

  private constructor(projection: string, collection: Collection<ParkedAggregate>) {
    this.#projection = projection;
    this.#collection = collection;
  }

  /** What was parked before is remembered, until the projection has another version. */
  static async open(projection: string, version: number, readStore: ReadStore): Promise<Parking> {
    const collection = await readStore.collection<ParkedAggregate>(`${projection}_parked`, { version, indexes: [] });
    const parking = new Parking(projection, collection);
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await collection.page({ anyOf: [], limit: 500, ...(cursor === undefined ? {} : { cursor }) });
      for (const parked of page.items) parking.#parked.set(parked.id, parked);
      cursor = page.nextCursor;
    }
    parking.#count();
    return parking;
  }

  list(): readonly ParkedAggregate[] {
    return [...this.#parked.values()];
  }

  find(id: string): ParkedAggregate | undefined {
    return this.#parked.get(id);
  }

  /** A commit is left out from the one on that its aggregate was parked at: what lies before may have to be applied again. */
  leavesOut({ ref, position }: RecordedCommit): boolean {
    if (this.#parked.size === 0) return false;
    const parked = this.#parked.get(ref.id);
    return parked !== undefined && position >= parked.position;
  }

  park({ ref, position, revision, at }: ParkedCommit, error: unknown): ParkedAggregate {
    const known = this.#parked.get(ref.id);
    if (known !== undefined && known.position <= position) return known;
    const reason = error instanceof Error ? error.message : String(error);
    const parked = { ...ref, projection: this.#projection, position, revision, reason, createdAt: at };
    this.#parked.set(ref.id, parked);
    this.#unsaved.set(ref.id, parked);
    this.#count();
    return parked;
  }

  /** Before the read model is written: after a crash between the two, the commits are read again and left out again. */
  async save(checkpoint: Checkpoint): Promise<void> {
    if (this.#unsaved.size === 0) return;
    const changes = [...this.#unsaved.values()].map((document) => ({ kind: 'put' as const, document }));
    await this.#collection.apply(changes, checkpoint);
    this.#unsaved = new Map();
  }

  /** Whether the program of today can go on with one of them: then the read model is made anew. */
  async canLeave(store: EventStore, apply: (commits: readonly RecordedCommit[]) => void): Promise<boolean> {
    for (const { aggregate, id } of this.#parked.values()) {
      try {
        apply(await store.readAggregate({ aggregate, id }));
        return true;
      } catch {
        continue;
      }
    }
    return false;
  }

  async reset(): Promise<void> {
    this.#parked.clear();
    this.#unsaved.clear();
    this.#count();
    await this.#collection.reset();
  }

  #count(): void {
    gauge.set({ projection: this.#projection }, this.#parked.size);
  }
}
