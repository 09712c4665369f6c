// A small world around an engine: jobs that run, agents that advance their lines, and what was told, to be told again.
import type { Policy } from '@baton/contracts';
import type {
  Booking,
  EngineNode,
  Plan,
  PlannedStart,
  RunningAttempt,
  WaitingJob,
} from '../domain/schedule/engine-model.ts';
import { Engine } from '../domain/schedule/engine.ts';

export interface WorldJob {
  /** At most its limit and its grace. */
  readonly runsMs: number;
  startedAt: number | null;
}

export interface SharedDevice {
  readonly twentieths: number;
  readonly jobs: number;
}

export function withOneMore(before: SharedDevice | undefined, twentieths: number): SharedDevice {
  return { twentieths: (before?.twentieths ?? 0) + twentieths, jobs: (before?.jobs ?? 0) + 1 };
}

type Told = (engine: Engine) => void;

export class EngineWorld {
  readonly engine: Engine;
  readonly nodes = new Map<string, EngineNode>();
  readonly queued = new Map<string, WaitingJob>();
  readonly placed = new Map<string, RunningAttempt>();
  readonly jobs = new Map<string, WorldJob>();
  readonly ended = new Set<string>();
  bookings: readonly Booking[] = [];
  policy: Policy;
  /** As it passes; the clock that the engine is told may stand elsewhere. */
  time = 1_000_000_000;
  skewMs = 0;
  readonly #first: Policy;
  readonly #told: Told[] = [];
  readonly #endsAt = new Map<string, number>();
  #places = 0;
  /** When the engine wants to be asked again. */
  #wakeAt: number | null = null;

  constructor(policy: Policy) {
    this.policy = policy;
    this.#first = policy;
    this.engine = new Engine(policy);
  }

  get now(): number {
    return this.time + this.skewMs;
  }

  /** A new engine that is told the same, in the same order, and was never asked for a plan. */
  rebuilt(): Engine {
    const engine = new Engine(this.#first);
    for (const fact of this.#told) fact(engine);
    return engine;
  }

  putNode(node: EngineNode): void {
    this.nodes.set(node.id, node);
    this.#tell((engine) => engine.putNode(node));
  }

  setBookings(bookings: readonly Booking[]): void {
    this.bookings = bookings;
    this.#tell((engine) => engine.setBookings(bookings));
  }

  setPolicy(policy: Policy): void {
    const { now } = this;
    this.policy = policy;
    this.#tell((engine) => engine.setPolicy(policy, now));
  }

  submit(job: WaitingJob, runsMs: number): void {
    this.jobs.set(job.id, { runsMs, startedAt: null });
    this.#queue(job);
  }

  cancel(jobId: string): void {
    if (this.queued.delete(jobId)) this.#tell((engine) => engine.unqueue(jobId));
    else if (this.placed.has(jobId)) this.#release(jobId);
    this.ended.add(jobId);
  }

  /** Time passes; what ends meanwhile ends at its time, one by one. `pass` is called after each. */
  advance(ms: number, pass: () => void): void {
    const until = this.time + ms;
    for (;;) {
      const next = [...this.#endsAt].toSorted(([one, a], [other, b]) => a - b || (one < other ? -1 : 1))[0];
      const at = Math.min(next?.[1] ?? Infinity, Math.max(this.time, this.#wakeAt ?? Infinity));
      if (at > until) break;
      this.time = Math.max(this.time, at);
      this.#wakeAt = null;
      if (next?.[1] === at) this.end(next[0]);
      pass();
    }
    this.time = until;
    pass();
  }

  /** It is over; one that was asked to stop goes back into the queue. */
  end(jobId: string): void {
    const attempt = this.placed.get(jobId);
    if (!attempt) return;
    this.#release(jobId);
    if (attempt.isStopping) this.#requeue(attempt);
    else this.ended.add(jobId);
  }

  /** Its node is gone with it: it is tried again. */
  retry(jobId: string): void {
    const attempt = this.placed.get(jobId);
    if (!attempt) return;
    this.#release(jobId);
    this.#requeue(attempt);
  }

  carryOut({ starts, preemptions, revocations, reservations, nextAt }: Plan): void {
    this.#wakeAt = nextAt === null ? null : nextAt - this.skewMs;
    for (const start of starts) this.#assign(start);
    for (const { jobId } of preemptions) {
      const attempt = this.placed.get(jobId);
      if (!attempt) throw new Error(`${jobId} is to be stopped and does not run`);
      this.#place({ ...attempt, isStopping: true, stoppingSince: this.now });
      this.#endsAt.set(
        jobId,
        Math.min(this.#endsAt.get(jobId) ?? Infinity, this.time + Math.ceil(attempt.graceMs / 2)),
      );
    }
    for (const { jobId } of revocations) {
      const attempt = this.placed.get(jobId);
      if (!attempt?.waiting) throw new Error(`${jobId} is called back and is in no line`);
      this.#place({ ...attempt, waiting: { ...attempt.waiting, isRevoking: true } });
    }
    for (const { jobId, reservation } of reservations) {
      const job = this.queued.get(jobId);
      if (job) this.#queue({ ...job, reservation });
    }
  }

  /** Their agents agree that they have not started. */
  answerRevocations(): void {
    for (const attempt of this.placed.values()) {
      if (attempt.waiting?.isRevoking !== true) continue;
      this.#release(attempt.job.id);
      this.#requeue(attempt);
    }
  }

  partsOn(nodeId: string): { readonly attempt: RunningAttempt; readonly devices: readonly string[] }[] {
    return [...this.placed.values()].flatMap((attempt) =>
      attempt.parts.flatMap((part) => (part.nodeId === nodeId ? { attempt, devices: part.devices } : [])),
    );
  }

  /** Device -> who has it, or is the next in line to have it. */
  held(nodeId: string): Map<string, string> {
    const here = this.partsOn(nodeId);
    const held = new Map(here.flatMap(({ attempt, devices }) => devices.map((id) => [id, attempt.job.id] as const)));
    const inLine = here.flatMap(({ attempt }) => (attempt.waiting ? attempt : []));
    for (const attempt of inLine.toSorted((one, other) => one.placedAt - other.placedAt))
      for (const id of this.#next(attempt, held)) held.set(id, attempt.job.id);
    return held;
  }

  /** Device -> what jobs that share it have of it. */
  shared(nodeId: string): Map<string, SharedDevice> {
    const found = new Map<string, SharedDevice>();
    for (const { attempt, devices } of this.partsOn(nodeId)) {
      const { twentieths } = attempt.job.shape;
      if (twentieths === undefined) continue;
      for (const id of devices) found.set(id, withOneMore(found.get(id), twentieths));
    }
    return found;
  }

  #next({ waiting }: RunningAttempt, held: ReadonlyMap<string, string>): string[] {
    return waiting?.pool.filter((id) => !held.has(id)).slice(0, waiting.count) ?? [];
  }

  #tell(fact: Told): void {
    this.#told.push(fact);
    fact(this.engine);
  }

  #queue(job: WaitingJob): void {
    this.queued.set(job.id, job);
    this.#tell((engine) => engine.queue(job));
  }

  #requeue({ job, attempt }: RunningAttempt): void {
    this.#queue({ ...job, nextAttempt: attempt + 1, reservation: null });
  }

  #assign({ jobId, nodeId, devices, behind, ranks }: PlannedStart): void {
    const job = this.queued.get(jobId);
    if (!job) throw new Error(`${jobId} is started and does not wait`);
    this.queued.delete(jobId);
    this.#places += 1;
    const waiting = behind ? { count: behind.count, pool: behind.pool, isRevoking: false } : null;
    const parts = ranks ?? [{ nodeId, devices }];
    const { graceMs, nextAttempt: attempt } = job;
    this.#start({
      job,
      attempt,
      placedAt: this.#places,
      parts,
      waiting,
      since: null,
      graceMs,
      isStopping: false,
    });
  }

  #start(attempt: RunningAttempt): void {
    const { id } = attempt.job;
    this.#place(attempt.waiting ? attempt : { ...attempt, since: this.now });
    const known = this.jobs.get(id);
    if (attempt.waiting || !known) return;
    known.startedAt = this.time;
    this.#endsAt.set(id, this.time + known.runsMs);
  }

  #place(attempt: RunningAttempt): void {
    this.placed.set(attempt.job.id, attempt);
    this.#tell((engine) => engine.place(attempt));
  }

  #release(jobId: string): void {
    const { now } = this;
    const nodeIds = this.placed.get(jobId)?.parts.map(({ nodeId }) => nodeId) ?? [];
    this.placed.delete(jobId);
    this.#endsAt.delete(jobId);
    this.#tell((engine) => engine.release(jobId, now));
    for (const nodeId of nodeIds) this.#advanceLine(nodeId);
  }

  /** As an agent does: the first in line takes what comes free, and starts when it has all. */
  #advanceLine(nodeId: string): void {
    const here = this.partsOn(nodeId);
    const held = new Map(here.flatMap(({ attempt, devices }) => devices.map((id) => [id, attempt.job.id] as const)));
    for (const { attempt, devices } of here.toSorted((one, other) => one.attempt.placedAt - other.attempt.placedAt)) {
      if (!attempt.waiting) continue;
      const taken = this.#next(attempt, held);
      for (const id of taken) held.set(id, attempt.job.id);
      if (taken.length === attempt.waiting.count)
        this.#start({ ...attempt, parts: [{ nodeId, devices: [...devices, ...taken] }], waiting: null });
    }
  }
}
