// The scheduler with a fake clock: jobs arrive, run as long as they take, and are stopped and started again as the engine's plans say.
import type { EngineNode, Plan, PlannedStart, RunningAttempt, WaitingJob } from '../schedule/engine-model.ts';
import { EventHeap } from './event-heap.ts';
import type { SchedulingEngine } from './scheduling-engine.ts';
import type { Outcome, SimulatedJob } from './simulated-job.ts';
import { SimulatedNodes } from './simulated-nodes.ts';

export interface SimulationOptions {
  readonly nodes: readonly EngineNode[];
  /** What each start after the first adds to a job's time on its devices. */
  readonly restartCostMs: number;
  /** It ends then; what has not ended is left out of the result. Absent: when all have. */
  readonly stopAt?: number;
  /** A wall clock, to time the passes by. It has no bearing on what happens. */
  readonly clock?: () => number;
  /** It begins then, and nothing happens before; absent: with the first job. */
  readonly startAt?: number;
  /** What is placed when it begins, of jobs among those that are simulated; by their places. */
  readonly placed?: readonly RunningAttempt[];
  /** Where the rest waits for something that doesn't come, or plans go round in circles, that is no error. */
  readonly mayStick?: boolean;
}

export interface SimulationResult {
  /** In the order of submission. */
  readonly outcomes: readonly Outcome[];
  readonly passes: number;
  readonly preemptions: number;
  /** How long each pass took by the clock; empty without one. */
  readonly passMs: readonly number[];
}

/** So many nodes or places are told of in one go. */
const STEP = 50;
/** A plan that answers its own consequences so often at one instant does not come to an end. */
const MOST_PLANS_AT_ONCE = 1_000;
/** Where that is no error: it goes on with what was decided last. */
const MOST_PLANS_AT_ONCE_STUCK = 4;
/** So often may time go by with nothing to run and nothing started. */
const MOST_IDLE_PLANS = 10_000;
/** Where that is no error, but only the end. */
const MOST_IDLE_PLANS_STUCK = 100;

/** Throws where the engine breaks a rule, or leaves a job waiting with nothing left to wait for. */
export function simulate(
  jobs: readonly SimulatedJob[],
  engine: SchedulingEngine,
  options: SimulationOptions,
): SimulationResult {
  const steps = simulating(jobs, engine, options);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** The same, an instant at a time: what takes long can be done beside something else. */
export function* simulating(
  jobs: readonly SimulatedJob[],
  engine: SchedulingEngine,
  options: SimulationOptions,
): Generator<undefined, SimulationResult> {
  return yield* new Simulation(jobs, engine, options).run();
}

interface Progress {
  readonly job: SimulatedJob;
  readonly order: number;
  attempt: number;
  /** Until now it has held its devices so long. */
  heldMs: number;
  firstStartedAt: number | null;
  restarts: number;
  /** Null while it is in the queue. */
  placed: RunningAttempt | null;
}

class Simulation {
  /** By the time from which on they may be placed; without those that are placed when it begins. */
  readonly #arriving: readonly Progress[];
  readonly #jobs: ReadonlyMap<string, Progress>;
  readonly #engine: SchedulingEngine;
  readonly #nodes: SimulatedNodes;
  readonly #options: SimulationOptions;
  readonly #ends = new EventHeap<{ readonly progress: Progress; readonly attempt: number }>();
  readonly #outcomes: Outcome[] = [];
  readonly #passMs: number[] = [];
  readonly #count: number;
  #passes = 0;
  #preemptions = 0;
  #placements = 0;
  #arrived = 0;
  #running = 0;

  constructor(jobs: readonly SimulatedJob[], engine: SchedulingEngine, options: SimulationOptions) {
    const all = jobs.toSorted((a, b) => a.submittedAt - b.submittedAt).map(untouched);
    const placed = new Set(options.placed?.map(({ job }) => job.id));
    this.#jobs = new Map(all.map((progress) => [progress.job.id, progress]));
    this.#count = all.length;
    this.#arriving = all
      .filter(({ job }) => !placed.has(job.id))
      .toSorted((a, b) => arrivalOf(a) - arrivalOf(b) || a.order - b.order);
    this.#engine = engine;
    this.#nodes = new SimulatedNodes(options.nodes);
    this.#options = options;
  }

  *run(): Generator<undefined, SimulationResult> {
    const { stopAt = Infinity, startAt = null } = this.#options;
    yield* this.#begins();
    let wakeAt: number | null = startAt;
    let idle = 0;
    while (this.#outcomes.length < this.#count) {
      const factAt = this.#nextFactAt();
      const now = Math.min(factAt, wakeAt ?? Infinity);
      idle = this.#running > 0 || now === factAt ? 0 : idle + 1;
      if (now > stopAt && now < Infinity) break;
      if (this.#isStuck(now, idle)) break;
      this.#happen(now);
      wakeAt = this.#schedule(now);
      yield;
    }
    const outcomes = this.#outcomes.toSorted((a, b) => this.#orderOf(a) - this.#orderOf(b));
    return { outcomes, passes: this.#passes, preemptions: this.#preemptions, passMs: this.#passMs };
  }

  /** Throws where that is an error. */
  #isStuck(now: number, idlePlans: number): boolean {
    const { mayStick = false } = this.#options;
    if (now < Infinity && idlePlans <= (mayStick ? MOST_IDLE_PLANS_STUCK : MOST_IDLE_PLANS)) return false;
    if (mayStick) return true;
    throw new Error(this.#stuck());
  }

  #nextFactAt(): number {
    const next = this.#arriving[this.#arrived];
    const at = Math.min(this.#ends.nextAt, next ? arrivalOf(next) : Infinity);
    return Math.max(this.#options.startAt ?? -Infinity, at);
  }

  /** The nodes, and what is placed already: who runs goes on, who stands in line keeps its place there. */
  *#begins(): Generator<undefined> {
    const { nodes, placed = [] } = this.#options;
    let count = 0;
    for (const node of nodes) {
      this.#engine.putNode(node);
      if ((count += 1) % STEP === 0) yield;
    }
    const inOrder = placed.toSorted((a, b) => Number(!!a.waiting) - Number(!!b.waiting) || a.placedAt - b.placedAt);
    for (const attempt of inOrder) {
      this.#resume(attempt);
      if ((count += 1) % STEP === 0) yield;
    }
    const lines = inOrder.flatMap(({ waiting, parts }) => (waiting ? parts.map(({ nodeId }) => nodeId) : []));
    this.#advance([...new Set(lines)], this.#options.startAt ?? 0);
  }

  #resume(placed: RunningAttempt): void {
    const progress = this.#progress(placed.job.id);
    progress.attempt = placed.attempt;
    this.#placements = Math.max(this.#placements, placed.placedAt);
    const [first] = placed.parts;
    if (placed.waiting && first) {
      progress.placed = placed;
      const { count, pool } = placed.waiting;
      this.#nodes.standInLine(first.nodeId, { jobId: placed.job.id, devices: first.devices, count, pool });
      this.#engine.place(placed, 0);
      return;
    }
    for (const part of placed.parts) this.#nodes.take(placed.job.id, part, placed.job.shape.twentieths);
    this.#begin(progress, placed, placed.since ?? 0);
  }

  /** All that ends and arrives now; what ends first. */
  #happen(now: number): void {
    for (let end = this.#ends.popUntil(now); end; end = this.#ends.popUntil(now)) {
      // A job that was stopped meanwhile runs on to a later end.
      if (end.progress.placed && end.attempt === end.progress.attempt) this.#end(end.progress, now);
    }
    for (;;) {
      const next = this.#arriving[this.#arrived];
      if (!next || arrivalOf(next) > now) return;
      this.#arrived += 1;
      this.#engine.queue({ ...waiting(next), reservation: next.job.present?.reservation ?? null });
    }
  }

  /** Plans until nothing follows from what was decided; gives the time to plan again at, if nothing happens before. */
  #schedule(now: number): number | null {
    const { mayStick = false } = this.#options;
    for (let count = 0; count < (mayStick ? MOST_PLANS_AT_ONCE_STUCK : MOST_PLANS_AT_ONCE); count += 1) {
      const plan = this.#pass(now);
      if (!this.#carryOut(plan, now)) return plan.nextAt !== null && plan.nextAt > now ? plan.nextAt : null;
    }
    if (mayStick) return null;
    throw new Error(`the engine's plans at ${now} do not come to an end`);
  }

  #pass(now: number): Plan {
    const { clock } = this.#options;
    this.#passes += 1;
    if (!clock) return this.#engine.plan(now);
    const startedAt = clock();
    const plan = this.#engine.plan(now);
    this.#passMs.push(clock() - startedAt);
    return plan;
  }

  /** Whether more may follow at once: devices have come free. */
  #carryOut({ starts, revocations, preemptions, reservations }: Plan, now: number): boolean {
    for (const start of starts) this.#start(start, now);
    for (const { jobId, reservation } of reservations) {
      const progress = this.#progress(jobId);
      if (!progress.placed) this.#engine.queue({ ...waiting(progress), reservation });
    }
    for (const { jobId } of revocations) this.#backToQueue(this.#progress(jobId), now);
    for (const { jobId } of preemptions) this.#preempt(this.#progress(jobId), now);
    return revocations.length + preemptions.length > 0;
  }

  #start({ jobId, nodeId, devices, behind, ranks }: PlannedStart, now: number): void {
    const progress = this.#progress(jobId);
    if (progress.placed) throw new Error(`${jobId} was started twice`);
    const parts = ranks ?? [{ nodeId, devices }];
    this.#placements += 1;
    progress.placed = {
      job: waiting(progress),
      attempt: progress.attempt,
      placedAt: this.#placements,
      parts: parts.map((part) => ({ nodeId: part.nodeId, devices: part.devices })),
      waiting: behind ? { count: behind.count, pool: behind.pool, isRevoking: false } : null,
      since: behind ? null : now,
      graceMs: progress.job.present?.graceMs ?? 0,
      isStopping: false,
    };
    if (behind) {
      this.#nodes.standInLine(nodeId, { jobId, devices, count: behind.count, pool: behind.pool });
      this.#engine.place(progress.placed, now);
      this.#advance([nodeId], now);
      return;
    }
    for (const part of parts) this.#nodes.take(jobId, part, progress.job.shape.twentieths);
    this.#begin(progress, progress.placed, now);
  }

  #begin(progress: Progress, placed: RunningAttempt, now: number): void {
    progress.placed = placed;
    if (progress.firstStartedAt !== null) progress.restarts += 1;
    progress.firstStartedAt ??= now;
    this.#running += 1;
    this.#engine.place(placed, now);
    this.#ends.push(now + this.#leftMs(progress), { progress, attempt: progress.attempt });
  }

  #leftMs({ job, restarts, heldMs }: Progress): number {
    return job.durationMs + restarts * this.#options.restartCostMs - heldMs;
  }

  #end(progress: Progress, now: number): void {
    const { job } = progress;
    this.#leave(progress, now);
    const { firstStartedAt, heldMs, restarts } = progress;
    if (job.limitMs !== null) this.#engine.learn(job.limitMs, heldMs);
    this.#outcomes.push({ job, firstStartedAt: firstStartedAt ?? now, endedAt: now, heldMs, restarts });
  }

  #preempt(progress: Progress, now: number): void {
    if (progress.placed?.since === null) throw new Error(`${progress.job.id} was preempted before it ran`);
    this.#preemptions += 1;
    this.#backToQueue(progress, now);
  }

  #backToQueue(progress: Progress, now: number): void {
    this.#leave(progress, now);
    progress.attempt += 1;
    this.#engine.queue(waiting(progress));
  }

  /** Off its devices, which go to whoever stands in line. */
  #leave(progress: Progress, now: number): void {
    const { placed, job } = progress;
    if (!placed) throw new Error(`${job.id} is stopped, and was not started`);
    if (placed.since !== null) {
      progress.heldMs += now - placed.since;
      this.#running -= 1;
    }
    progress.placed = null;
    this.#nodes.leave(job.id, placed.parts);
    this.#engine.release(job.id, now);
    this.#advance(
      placed.parts.map(({ nodeId }) => nodeId),
      now,
    );
  }

  #advance(nodeIds: readonly string[], now: number): void {
    for (const { jobId, nodeId, devices } of nodeIds.flatMap((id) => this.#nodes.advance(id))) {
      const progress = this.#progress(jobId);
      const { placed } = progress;
      if (!placed) throw new Error(`${jobId} stands in a line, and was not placed`);
      this.#begin(progress, { ...placed, parts: [{ nodeId, devices }], waiting: null, since: now }, now);
    }
  }

  #progress(jobId: string): Progress {
    const progress = this.#jobs.get(jobId);
    if (!progress) throw new Error(`there is no job ${jobId}`);
    return progress;
  }

  #orderOf({ job }: Outcome): number {
    return this.#progress(job.id).order;
  }

  #stuck(): string {
    const ended = new Set(this.#outcomes.map(({ job }) => job));
    const left = [...this.#jobs.values()].filter(({ job }) => !ended.has(job));
    const [first] = left;
    return `${left.length} jobs wait and nothing is left to wait for; the first is ${first?.job.id ?? 'none'}`;
  }
}

/** As the simulation finds it; `index` is its place in the order of submission. */
function untouched(job: SimulatedJob, index: number): Progress {
  const { order = index + 1, nextAttempt = 1, servedMs = 0 } = job.present ?? {};
  return { job, order, attempt: nextAttempt, heldMs: servedMs, firstStartedAt: null, restarts: 0, placed: null };
}

function arrivalOf({ job }: Progress): number {
  return job.arrivesAt ?? job.submittedAt;
}

function waiting({ job, order, attempt, heldMs }: Progress): WaitingJob {
  const { id, submittedAt, owner, className, shape, limitMs, estimateMs, keepsCheckpoints } = job;
  return {
    id,
    order,
    submittedAt,
    nextAttempt: attempt,
    owner,
    className,
    shape,
    limitMs,
    estimateMs,
    servedMs: heldMs,
    graceMs: job.present?.graceMs ?? 0,
    keepsCheckpoints,
    reservation: null,
  };
}
