// One pass: which jobs start where, who is promised a start, who is stopped for whom, and who joins which line.
import type { Device, RankPlace, WaitCode } from '@baton/contracts';
import type { Ask, FoundPlace } from './ask.ts';
import type { SchedulingState } from './scheduling-state.ts';
import type { Plan, PlannedStart, Reservation, RunningAttempt, WaitingJob } from './engine-model.ts';
import { engineShapeKey } from './engine-shape.ts';
import { findVictims } from './preempt.ts';
import type { Walk } from './queue-walk.ts';
import type { OrderView } from './walk-standings.ts';

/** For so many blocked jobs a pass looks whether stopping others would help. */
const PREEMPTORS = 8;
/** No fit for reasons that say nothing of what others may have. */
const OWN_REASONS: ReadonlySet<WaitCode> = new Set(['no-node', 'node-unreachable', 'node-cordoned']);

/** Plans on paper: the cluster is that of a trial. */
export class Pass {
  readonly starts: PlannedStart[] = [];
  readonly preemptions: { jobId: string; forJobId: string; reason: string }[] = [];
  readonly revocations: { jobId: string; nodeId: string; reason: string }[] = [];
  readonly reservations: { jobId: string; reservation: Reservation | null }[] = [];
  readonly blocked = new Map<string, WaitCode>();
  readonly #engine: SchedulingState;
  readonly #now: number;
  readonly #view: OrderView;
  readonly #quotas: ReturnType<SchedulingState['quotas']['onPaper']>;
  /** Planned in this pass, no longer to be looked at. */
  readonly #done = new Set<string>();
  /** First of those that don't fit, in order: for whom others may be stopped. */
  readonly #preemptors: WaitingJob[] = [];
  #promised: WaitingJob[];
  #promisesLeft: number;

  constructor(engine: SchedulingState, now: number) {
    this.#engine = engine;
    this.#now = now;
    this.#quotas = engine.quotas.onPaper();
    this.#view = engine.orderView(now, this.#quotas);
    this.#promised = [...engine.queueIndex.reserved()].toSorted(
      (a, b) => engine.priority(b.className) - engine.priority(a.className) || a.order - b.order,
    );
    this.#promisesLeft = engine.policy.backfill.reservations - this.#promised.length;
  }

  run(): Plan {
    this.#callBack();
    this.#startInOrder();
    this.#preempt();
    if (this.#engine.policy.handOff.enabled) this.#lineUp();
    const { starts, preemptions, revocations, reservations, blocked } = this;
    return { starts, preemptions, revocations, reservations, blocked, nextAt: null };
  }

  /** Those in line that could start elsewhere at once, or whose node takes no more jobs. What they could have is kept for them. */
  #callBack(): void {
    const { cluster } = this.#engine;
    const waiting = [...this.#engine.placed()].filter((attempt) => attempt.waiting);
    for (const attempt of waiting.toSorted((a, b) => a.job.order - b.job.order)) {
      const nodeId = attempt.parts[0]?.nodeId ?? '';
      const elsewhere = cluster.trial(() => {
        cluster.drop(attempt.job.id);
        return cluster.find(this.#engine.ask(attempt.job), this.#now);
      });
      const isCordoned = this.#engine.node(nodeId)?.refuses === 'node-cordoned';
      if (attempt.waiting?.isRevoking === true) continue;
      if ('places' in elsewhere && elsewhere.places.every((place) => place.nodeId !== nodeId))
        this.revocations.push({ jobId: attempt.job.id, nodeId, reason: 'It can start elsewhere at once.' });
      else if (isCordoned)
        this.revocations.push({ jobId: attempt.job.id, nodeId, reason: 'Its node takes no new jobs.' });
    }
  }

  #startInOrder(): void {
    const { classes, backfill } = this.#engine.policy;
    // A promise that is kept now makes room for another: in the same pass, or somebody passes who must not.
    this.#startPromised(Math.max(...classes.map(({ priority }) => priority)));
    const isEveryShapeWalked = this.#promisesLeft > 0 || this.#promised.length > 0 || !backfill.enabled;
    const walk = this.#engine.queueIndex.walk(
      this.#view,
      (shape) => isEveryShapeWalked || this.#engine.cluster.isOpen(shape),
    );
    for (let job = walk.next(); job; job = walk.next()) {
      this.#startPromised(this.#engine.priority(job.className));
      if (!this.#done.has(job.id)) this.#take(job, walk);
    }
    this.#startPromised(-Infinity);
  }

  /** Promises first, class by class. One that can't be kept is void: the job is promised another start when it is its turn. */
  #startPromised(priority: number): void {
    const { cluster } = this.#engine;
    const due = this.#promised.filter((job) => this.#engine.priority(job.className) >= priority);
    if (due.length === 0) return;
    this.#promised = this.#promised.slice(due.length);
    for (const job of due) {
      this.#done.add(job.id);
      if (this.#quotas.mayStart(job.owner, job.shape) !== null) continue;
      const found = cluster.find(this.#engine.ask(job), this.#now);
      if ('places' in found) {
        this.#start(job, found.places);
        this.#promisesLeft += 1;
      } else if (!cluster.keeps(job.id, this.#now)) this.#breakPromise(job);
    }
  }

  #breakPromise(job: WaitingJob): void {
    this.#engine.cluster.forget(job.id);
    this.reservations.push({ jobId: job.id, reservation: null });
    this.#promisesLeft += 1;
  }

  #take(job: WaitingJob, walk: Walk): void {
    const refusal = this.#quotas.mayStart(job.owner, job.shape);
    if (refusal) {
      this.#block(job, refusal.code);
      const isOfDevices = refusal.limit === 'hardGpus' || refusal.limit === 'hardCpuSlots';
      walk.blockOwner(job.owner, job.shape.deviceKind, isOfDevices ? job.shape.devices * job.shape.nodes : 0);
      return;
    }
    const ask = this.#engine.ask(job);
    const found = this.#engine.cluster.find(ask, this.#now);
    if ('places' in found) {
      this.#start(job, found.places);
      walk.taken();
      return;
    }
    this.#block(job, found.code);
    if (OWN_REASONS.has(found.code)) walk.blockBucket();
    else this.#keepOthersBack(job, ask, found.code, walk);
  }

  #keepOthersBack(job: WaitingJob, ask: Ask, code: WaitCode, walk: Walk): void {
    if (this.#preemptors.length < PREEMPTORS) this.#preemptors.push(job);
    if (!this.#engine.policy.backfill.enabled) {
      this.#closeKind(job.shape.deviceKind, walk);
      return;
    }
    if (this.#promisesLeft > 0 && this.#isToBePromised(walk)) this.#promise(job, ask);
    if (code === 'booked') walk.blockBucket();
    else if (code === 'reserved') walk.blockShape(engineShapeKey(job.shape), ask.limitMs);
    else walk.blockShape(engineShapeKey(job.shape));
  }

  /** Without backfill nobody passes the first that is blocked. Jobs for other devices have nothing to do with it. */
  #closeKind(kind: Device['kind'], walk: Walk): void {
    for (const { shape, key } of this.#engine.queueIndex.shapes()) if (shape.deviceKind === kind) walk.blockShape(key);
  }

  #isToBePromised(walk: Walk): boolean {
    return this.#engine.policy.backfill.reserveFor === 'first' || walk.isDue();
  }

  #promise(job: WaitingJob, ask: Ask): void {
    const reservation = this.#engine.cluster.earliest(ask, this.#now);
    if (reservation) this.#give(job, ask, reservation);
  }

  #give(job: WaitingJob, ask: Ask, reservation: Reservation): void {
    this.#engine.cluster.promise(ask, reservation);
    this.reservations.push({ jobId: job.id, reservation });
    this.#promisesLeft -= 1;
  }

  #block(job: WaitingJob, code: WaitCode): void {
    this.blocked.set(job.id, code);
  }

  #start(job: WaitingJob, places: readonly FoundPlace[]): void {
    const [first] = places;
    if (!first) return;
    const start = { jobId: job.id, nodeId: first.nodeId, devices: first.devices };
    this.starts.push(places.length === 1 ? start : { ...start, ranks: places.map((place) => this.#rank(place)) });
    this.#occupy(job, { parts: places, waiting: null });
  }

  #rank({ nodeId, devices }: FoundPlace): RankPlace {
    const description = this.#engine.node(nodeId)?.description;
    const name = description?.name ?? nodeId;
    return { nodeId, name, address: description?.address ?? name, devices: [...devices] };
  }

  #occupy(job: WaitingJob, placed: Pick<RunningAttempt, 'parts' | 'waiting'>): void {
    this.#done.add(job.id);
    this.#quotas.started(job.owner, job.shape);
    this.#engine.cluster.put({
      ...placed,
      job,
      attempt: job.nextAttempt,
      placedAt: Number.MAX_SAFE_INTEGER,
      since: placed.waiting ? null : this.#now,
      graceMs: job.graceMs,
      isStopping: false,
    });
  }

  /** For those who could not start: evicted on paper, and if that makes room, asked to stop. */
  #preempt(): void {
    const { cluster } = this.#engine;
    for (const job of this.#preemptors) {
      const victims = findVictims(this.#engine, job, this.#view);
      for (const victim of victims) {
        cluster.put({ ...victim, isStopping: true, stoppingSince: this.#now });
        const forJobId = job.id;
        this.preemptions.push({
          jobId: victim.job.id,
          forJobId,
          reason: 'Its devices go to a job that goes before it.',
        });
      }
      const ask = this.#engine.ask(job);
      const reservation = victims.length > 0 ? cluster.earliest(ask, this.#now) : null;
      if (reservation) this.#give(job, ask, reservation);
    }
  }

  /** The next job of each busy device is assigned behind what runs there, so that all is in place when that ends. */
  #lineUp(): void {
    const { cluster, queueIndex } = this.#engine;
    const walk = queueIndex.walk(this.#view, (shape) => shape.nodes === 1);
    for (let job = walk.next(); job; job = walk.next()) {
      if (this.#done.has(job.id)) continue;
      const refusal = this.#quotas.mayStart(job.owner, job.shape);
      const line = refusal ? null : cluster.line(this.#engine.ask(job), this.#now);
      if (line) {
        const { nodeId, devices, behind } = line;
        this.starts.push({ jobId: job.id, nodeId, devices, behind });
        const waiting = { count: behind.count, pool: behind.pool, isRevoking: false };
        this.#occupy(job, { parts: [{ nodeId, devices }], waiting });
        walk.taken();
      } else if (refusal) walk.blockOwner(job.owner, job.shape.deviceKind);
      else walk.blockShape(engineShapeKey(job.shape));
    }
  }
}
