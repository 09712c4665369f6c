// The jobs that hold or await devices, found by node as well as by id.
import { isPlaced, type Part, partOn, type PlacedJob, partsOf } from './job.ts';
import type { JobRecord } from './job-record.ts';

export interface PlacedRecord extends JobRecord {
  readonly state: PlacedJob;
  /** What the node has of it. */
  readonly part: Part;
}

export class PlacedJobs {
  readonly #byId = new Map<string, JobRecord>();
  readonly #byNode = new Map<string, Map<string, JobRecord>>();

  values(): IterableIterator<JobRecord> {
    return this.#byId.values();
  }

  /** One that was there is removed before it is added as it is now. */
  add(record: JobRecord & { readonly state: PlacedJob }): void {
    this.#byId.set(record.id, record);
    for (const { nodeId } of partsOf(record.state)) {
      let there = this.#byNode.get(nodeId);
      if (!there) this.#byNode.set(nodeId, (there = new Map()));
      there.set(record.id, record);
    }
  }

  /** Whether it was there. */
  delete(id: string): boolean {
    const record = this.#byId.get(id);
    if (!record || !isPlaced(record.state)) return false;
    this.#byId.delete(id);
    for (const { nodeId } of partsOf(record.state)) {
      const there = this.#byNode.get(nodeId);
      there?.delete(id);
      if (there?.size === 0) this.#byNode.delete(nodeId);
    }
    return true;
  }

  /** In the order of placement; of those on several nodes as long as their part there has not ended. */
  on(nodeId: string): PlacedRecord[] {
    const found: PlacedRecord[] = [];
    for (const record of this.#byNode.get(nodeId)?.values() ?? []) {
      const { state } = record;
      const part = isPlaced(state) ? partOn(state, nodeId) : undefined;
      if (isPlaced(state) && part !== undefined) found.push({ ...record, state, part });
    }
    return found.toSorted((one, other) => one.placedAt - other.placedAt);
  }
}
