// Until when, at the latest, a node's devices, CPUs and memory are taken by what runs on it and what is in line.
import { type NodeLedger, type Placed, setAside } from './node-ledger.ts';
import type { TakenPart } from './shared-devices.ts';

export interface Horizon {
  /** For each device of the ledger; 0 if it is free now. */
  readonly until: readonly number[];
  /** What is taken of devices that jobs share, by spot; `until` is the last of their ends. */
  readonly parts: ReadonlyMap<number, readonly TakenPart[]>;
  readonly loads: readonly Load[];
  /** When those in line have all their devices, at the latest. */
  readonly starts: ReadonlyMap<string, number>;
  /** From then on nothing that is placed now is left. */
  readonly emptyAt: number;
  /** Some attempt is past its limit: what is said here moves with time. */
  readonly isMoving: boolean;
  /** The first end by a limit: later than that this must be looked at again. */
  readonly firstEnd: number;
}

export interface Load {
  readonly from: number;
  readonly until: number;
  readonly cpus: number;
  readonly memoryBytes: number;
}

export interface HorizonOptions {
  readonly now: number;
  readonly defaultLimitMs: number;
}

/** What runs longer than its limit is given one more time to stop, from now; the end is never in the past. */
export function latestEnd({ attempt }: Placed, { now, defaultLimitMs }: HorizonOptions): number {
  const { job, since, graceMs, stoppingSince = null } = attempt;
  const limit = (since ?? now) + (job.limitMs ?? defaultLimitMs) + graceMs;
  const end = stoppingSince === null ? limit : Math.min(limit, stoppingSince + graceMs);
  return end > now ? end : now + Math.max(1, graceMs);
}

/** Those in line take devices of their pools as they come free, in the order in which they were placed. */
export function horizonOf(ledger: NodeLedger, placed: readonly Placed[], options: HorizonOptions): Horizon {
  const taken = new Taken(ledger);
  for (const entry of placed) {
    if (entry.attempt.waiting) taken.own(entry);
    else taken.run(entry, latestEnd(entry, options), options.now);
  }
  for (const entry of placed) if (entry.attempt.waiting) taken.queue(entry, placed, options);
  return taken;
}

/** Of most nodes; never changed. */
const NO_PARTS = new Map<number, TakenPart[]>();

class Taken implements Horizon {
  readonly until: number[];
  parts: Map<number, TakenPart[]> = NO_PARTS;
  readonly loads: Load[] = [];
  readonly starts = new Map<string, number>();
  emptyAt = 0;
  isMoving = false;
  firstEnd = Infinity;
  /** Held already by those in line that are yet to be placed here: not to be taken by those before them. */
  readonly #owned = new Set<number>();

  constructor(ledger: NodeLedger) {
    this.until = Array.from({ length: ledger.devices.length }, () => 0);
  }

  own({ spots }: Placed): void {
    for (const spot of spots) this.#owned.add(spot);
  }

  run({ attempt, spots }: Placed, end: number, now: number): void {
    const { cpus, memoryBytes, exclusive, twentieths } = attempt.job.shape;
    if (exclusive) this.until.fill(end);
    if (twentieths !== undefined) this.#share(spots, { until: end, twentieths });
    else for (const spot of spots) this.until[spot] = end;
    this.#load({ from: -Infinity, until: end, cpus, memoryBytes });
    this.emptyAt = Math.max(this.emptyAt, end);
    this.firstEnd = Math.min(this.firstEnd, end);
    if (attempt.since === null || end === now + Math.max(1, attempt.graceMs)) this.isMoving = true;
  }

  queue(entry: Placed, placed: readonly Placed[], { now, defaultLimitMs }: HorizonOptions): void {
    const { job, waiting, graceMs } = entry.attempt;
    const taken = this.#firstFree(entry.pool, waiting?.count ?? 0);
    let start = now;
    for (const spot of taken) start = Math.max(start, this.until[spot] ?? 0);
    const end = start + (job.limitMs ?? defaultLimitMs) + graceMs;
    for (const spot of taken) this.#take(spot, end);
    for (const spot of entry.spots) {
      this.#take(spot, end);
      this.#owned.delete(spot);
    }
    const [cpus, memoryBytes] = [setAside(entry, placed, 'cpus'), setAside(entry, placed, 'memoryBytes')];
    this.#load({ from: -Infinity, until: start, cpus, memoryBytes });
    this.#load({ from: start, until: end, cpus: job.shape.cpus, memoryBytes: job.shape.memoryBytes });
    this.starts.set(job.id, start);
    this.emptyAt = Math.max(this.emptyAt, end);
    // It would start now: what it will have ended by moves until it has.
    if (start === now) this.isMoving = true;
  }

  #take(spot: number, end: number): void {
    this.until[spot] = end;
    if (this.parts.size > 0) this.parts.delete(spot);
  }

  #share(spots: readonly number[], part: TakenPart): void {
    if (this.parts === NO_PARTS) this.parts = new Map();
    for (const spot of spots) {
      this.until[spot] = Math.max(this.until[spot] ?? 0, part.until);
      this.parts.set(spot, [...(this.parts.get(spot) ?? []), part]);
    }
  }

  #load(load: Load): void {
    if (load.cpus > 0 || load.memoryBytes > 0) this.loads.push(load);
  }

  #firstFree(pool: readonly number[], count: number): number[] {
    if (count === 1) return this.#firstOf(pool);
    const found = pool.filter((spot) => !this.#owned.has(spot));
    return found.toSorted((a, b) => this.#bySoonest(a, b)).slice(0, count);
  }

  /** The same for one, as most are. */
  #firstOf(pool: readonly number[]): number[] {
    let first: number | null = null;
    for (const spot of pool) {
      if (this.#owned.has(spot)) continue;
      if (first === null || this.#bySoonest(spot, first) < 0) first = spot;
    }
    return first === null ? [] : [first];
  }

  #bySoonest(a: number, b: number): number {
    return (this.until[a] ?? 0) - (this.until[b] ?? 0) || a - b;
  }
}
