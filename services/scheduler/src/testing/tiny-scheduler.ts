// The smallest scheduler that uses all of a cluster: EASY backfill with promises to the first few, and lines. With its own clock.
import type { Ask } from '../domain/schedule/ask.ts';
import { Cluster } from '../domain/schedule/cluster.ts';
import type { EngineNode, RunningAttempt } from '../domain/schedule/engine-model.ts';
import { anAttempt } from './cluster-builders.ts';

export interface TinyJob {
  readonly ask: Ask;
  readonly arrivesAt: number;
  /** At most its limit and its grace. */
  readonly runsMs: number;
}

export interface TinyOptions {
  readonly promises: number;
  readonly usesLines: boolean;
  /** Of the time between passes: after each the invariants are looked at. */
  readonly check: (scheduler: TinyScheduler) => void;
}

export class TinyScheduler {
  readonly cluster = new Cluster({ placement: 'pack', defaultLimitMs: 1_000 });
  readonly placed = new Map<string, RunningAttempt>();
  readonly queue: TinyJob[] = [];
  readonly promisedAt = new Map<string, number>();
  readonly startedAt = new Map<string, number>();
  now = 0;
  readonly #options: TinyOptions;
  readonly #ends = new Map<string, number>();
  readonly #jobs = new Map<string, TinyJob>();
  #places = 0;

  constructor(nodes: readonly EngineNode[], options: TinyOptions) {
    this.#options = options;
    for (const node of nodes) this.cluster.putNode(node);
  }

  run(jobs: readonly TinyJob[]): void {
    const coming = jobs.toSorted((one, other) => one.arrivesAt - other.arrivesAt);
    while (coming.length > 0 || this.#ends.size > 0) {
      this.now = Math.min(coming[0]?.arrivesAt ?? Infinity, ...this.#ends.values());
      for (const [id, end] of this.#ends) if (end === this.now) this.#end(id);
      for (let job = coming[0]; job?.arrivesAt === this.now; job = coming[0]) {
        this.queue.push(job);
        this.#jobs.set(job.ask.jobId, job);
        coming.shift();
      }
      this.#pass();
      this.#options.check(this);
    }
  }

  #pass(): void {
    for (const job of this.queue.slice()) {
      const { ask } = job;
      const found = this.cluster.find(ask, this.now);
      if ('places' in found) {
        this.#place(job, anAttempt(ask, found.places, { since: this.now }));
        continue;
      }
      const line = this.#options.usesLines ? this.cluster.line(ask, this.now) : null;
      if (line) {
        const waiting = { count: line.behind.count, pool: line.behind.pool, isRevoking: false };
        this.#place(job, anAttempt(ask, [line], { since: null, waiting }));
      } else if (!this.promisedAt.has(ask.jobId) && this.#countPromised() < this.#options.promises) {
        const reservation = this.cluster.earliest(ask, this.now);
        if (!reservation) continue;
        this.cluster.promise(ask, reservation);
        this.promisedAt.set(ask.jobId, reservation.at);
      }
    }
  }

  #countPromised(): number {
    return this.queue.filter(({ ask }) => this.promisedAt.has(ask.jobId)).length;
  }

  #place(job: TinyJob, attempt: RunningAttempt): void {
    this.queue.splice(this.queue.indexOf(job), 1);
    this.#places += 1;
    this.#put({ ...attempt, placedAt: this.#places });
  }

  #put(attempt: RunningAttempt): void {
    const { id } = attempt.job;
    this.cluster.put(attempt);
    this.placed.set(id, attempt);
    if (attempt.waiting) return;
    this.startedAt.set(id, this.now);
    this.#ends.set(id, this.now + (this.#jobs.get(id)?.runsMs ?? 0));
  }

  #end(id: string): void {
    const nodes = this.placed.get(id)?.parts.map((part) => part.nodeId) ?? [];
    this.cluster.drop(id);
    this.placed.delete(id);
    this.#ends.delete(id);
    for (const nodeId of nodes) this.#advanceLine(nodeId);
  }

  /** As an agent does: the first in line takes what comes free, and starts when it has all. */
  #advanceLine(nodeId: string): void {
    const parts = [...this.placed.values()].flatMap((attempt) => attempt.parts.map((part) => ({ attempt, ...part })));
    const here = parts.filter((part) => part.nodeId === nodeId);
    const inLine = here.filter(({ attempt }) => attempt.waiting);
    const held = new Set(here.flatMap(({ devices }) => devices));
    for (const { attempt } of inLine.toSorted((one, other) => one.attempt.placedAt - other.attempt.placedAt)) {
      const { count = 0, pool = [] } = attempt.waiting ?? {};
      const taken = pool.filter((id) => !held.has(id)).slice(0, count);
      for (const id of taken) held.add(id);
      if (taken.length < count) continue;
      const own = attempt.parts[0]?.devices ?? [];
      this.#put({ ...attempt, parts: [{ nodeId, devices: [...own, ...taken] }], waiting: null, since: this.now });
    }
  }
}
