// One pass: which jobs start where, who is promised a start, who is stopped for whom, and who joins which line.
import type { WaitCode } from '@baton/contracts';
import { type Ask, type FoundPlace, holdMs } from './ask.ts';
import { delayedBy } from './call-back.ts';
import type { SchedulingState } from './scheduling-state.ts';
import type { EngineShape, Plan, PlannedStart, Reservation, RunningAttempt, WaitingJob } from './engine-model.ts';
import { allDevices, engineShapeKey } from './engine-shape.ts';
import { attemptOnPaper, plannedStart } from './planned-start.ts';
import { findVictims, mayAnyPreempt, mayPreempt } from './preempt.ts';
import type { Walk } from './queue-walk.ts';
import { orderChangesAt } from './order-changes.ts';
import { repack } from './repack.ts';
import { blockAlike, blockClosed, closeKind, isOfSameQuota } from './walk-refusals.ts';
import type { OrderView } from './walk-standings.ts';

/** For so many blocked jobs a pass looks whether stopping others would help. */
const PREEMPTORS = 8;
/** What runs past its limit moves promises from moment to moment: they are not followed faster than this. */
const SOONEST_MS = 1_000;
/** No fit for reasons that say nothing of what others may have. */
const OWN_REASONS: ReadonlySet<WaitCode> = new Set(['no-node', 'node-unreachable', 'node-cordoned']);

const PREEMPTED = 'Its devices go to a job that goes before it.';

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
  readonly #mayAnyPreempt: boolean;
  /** Planned in this pass, no longer to be looked at. */
  readonly #done = new Set<string>();
  /** First of those that don't fit, in order: for whom others may be stopped. */
  readonly #preemptors: WaitingJob[] = [];
  /** What stands for those called back, where they could start: nobody can wait behind it. */
  readonly #kept = new Set<string>();
  /** In line, and met in the order. */
  readonly #metInLine = new Set<string>();
  #promised: WaitingJob[];
  /** All that stand, of before and of this pass. */
  readonly #promisedAt = new Map<WaitingJob, number>();
  #promisesLeft: number;
  /** Some are called back from their lines, for others to be stopped or promised a start next: until then nobody joins a line. */
  #isUnsettled = false;

  constructor(engine: SchedulingState, now: number) {
    this.#engine = engine;
    this.#now = now;
    this.#quotas = engine.quotas.onPaper();
    this.#view = engine.orderView(now, this.#quotas);
    this.#mayAnyPreempt = mayAnyPreempt(engine);
    this.#promised = [...engine.queueIndex.reserved()].toSorted(
      (a, b) => engine.priority(b.className) - engine.priority(a.className) || a.order - b.order,
    );
    for (const job of this.#promised) this.#promisedAt.set(job, job.reservation?.at ?? 0);
    this.#promisesLeft = engine.policy.backfill.reservations - this.#promised.length;
  }

  run(): Plan {
    this.#callBack();
    if (this.#engine.policy.preemption.by === 'order') this.#repack();
    else {
      this.#startInOrder();
      this.#preempt();
    }
    if (!this.#isUnsettled && this.#engine.policy.handOff.enabled) this.#lineUp();
    const { starts, preemptions, revocations, blocked } = this;
    const assigned = new Set(starts.map(({ jobId }) => jobId));
    const reservations = this.reservations.filter(({ jobId }) => !assigned.has(jobId));
    return { starts, preemptions, revocations, reservations, blocked, nextAt: this.#nextAt() };
  }

  /** When a promise falls due, or a booking begins or ends. */
  #nextAt(): number | null {
    const bookings = this.#engine.bookings.flatMap(({ from, until }) => [from, until]);
    const times = [...this.#promisedAt.values(), ...bookings, ...orderChangesAt(this.#engine, this.#now)].filter(
      (time) => time > this.#now,
    );
    return times.length === 0 ? null : Math.max(this.#now + SOONEST_MS, Math.min(...times));
  }

  /** Those in line on a node that takes no more jobs. */
  #callBack(): void {
    const closed = new Set<string>();
    for (const { id, refuses } of this.#engine.nodes()) if (refuses === 'node-cordoned') closed.add(id);
    if (closed.size === 0) return;
    for (const { id } of this.#engine.queueIndex.inLine()) {
      const attempt = this.#engine.placedAttempt(id);
      if (attempt?.parts.some(({ nodeId }) => closed.has(nodeId))) this.#revoke(attempt, 'Its node takes no new jobs.');
    }
  }

  /** Unless it has been called back already. */
  #revoke({ job, waiting, parts }: RunningAttempt, reason: string): void {
    if (waiting?.isRevoking !== false || this.revocations.some(({ jobId }) => jobId === job.id)) return;
    this.revocations.push({ jobId: job.id, nodeId: parts[0]?.nodeId ?? '', reason });
  }

  /** One in line that could start elsewhere at once, when it is its turn, is called back; what it could have is kept for it. */
  #takeFromLine(attempt: RunningAttempt, walk: Walk): void {
    const { job, parts } = attempt;
    const { cluster } = this.#engine;
    const ask = this.#engine.ask(job);
    const nodeId = parts[0]?.nodeId ?? '';
    const found = cluster.trial(() => {
      cluster.drop(job.id);
      return cluster.find(ask, this.#now);
    });
    if ('code' in found) {
      if (OWN_REASONS.has(found.code)) walk.blockBucket();
      else blockAlike(found.code, ask, walk);
      return;
    }
    if (found.places.some((place) => place.nodeId === nodeId)) return;
    this.#revoke(attempt, 'It can start elsewhere at once.');
    this.#keepFor(attempt, { parts: found.places, waiting: null, since: this.#now });
    walk.taken();
  }

  /** On paper, under a name of its own: it is in its line too. */
  #keepFor(attempt: RunningAttempt, elsewhere: Pick<RunningAttempt, 'parts' | 'waiting' | 'since'>): void {
    const id = `${attempt.job.id} elsewhere`;
    this.#kept.add(id);
    this.#engine.cluster.put({ ...attempt, ...elsewhere, job: { ...attempt.job, id } });
  }

  /** Somebody of the shape may have others stopped: looked at although it fits nowhere. */
  #mayPreempt(shapeKey: string): boolean {
    if (!this.#mayAnyPreempt) return false;
    const entry = this.#engine.queueIndex.shape(shapeKey);
    if (!entry) return false;
    const { shape, queues } = entry;
    return [...queues].some(({ parent }) =>
      mayPreempt({ className: parent.className, owner: parent.entry.owner, shape }, this.#view),
    );
  }

  #startInOrder(): void {
    const { classes, backfill } = this.#engine.policy;
    // A promise that is kept now makes room for another: in the same pass, or somebody passes who must not.
    this.#startPromised(Math.max(...classes.map(({ priority }) => priority)));
    const isEveryShapeWalked = () => this.#promisesLeft > 0 || this.#promised.length > 0 || !backfill.enabled;
    const isWalked = (shape: EngineShape, key: string) =>
      isEveryShapeWalked() || this.#engine.cluster.isOpen(shape) || this.#mayPreempt(key);
    const walk = this.#engine.queueIndex.walkWithLines(this.#view, isWalked);
    for (let job = walk.next(); job; job = walk.next()) {
      this.#startPromised(this.#engine.priority(job.className));
      const changes = this.starts.length + this.reservations.length;
      if (!this.#done.has(job.id)) this.#take(job, walk);
      if (changes < this.starts.length + this.reservations.length && !isEveryShapeWalked())
        blockClosed(this.#engine.queueIndex, walk, isWalked);
    }
    this.#startPromised(-Infinity);
  }

  /** Promises first, class by class. One that can't be kept is void: the job is promised another start when it is its turn. */
  #startPromised(priority: number): void {
    const { cluster } = this.#engine;
    const due = this.#promised.filter((job) => this.#engine.priority(job.className) >= priority);
    this.#promised = this.#promised.slice(due.length);
    for (const job of due) {
      this.#done.add(job.id);
      if (this.#quotas.mayStart(job.owner, job.shape) !== null) continue;
      const found = cluster.find(this.#engine.ask(job), this.#now);
      if ('places' in found) {
        this.#start(job, found.places);
        this.#promisesLeft += 1;
      } else if (!cluster.keeps(job.id, this.#now)) this.#breakPromise(job);
      else {
        this.#bringForward(job);
        if (this.#preemptors.length < PREEMPTORS) this.#preemptors.push(job);
      }
    }
  }

  /** Others have ended before their limits. */
  #bringForward(job: WaitingJob): void {
    const sooner = this.#engine.cluster.sooner(job.id, this.#now);
    const ask = this.#engine.ask(job);
    if (sooner && !this.#refuseBeside(job, ask.priority, Infinity)) this.#promiseAt(job, ask, sooner);
  }

  /** Running jobs and waiting ones in one order: who comes first has the devices. */
  #repack(): void {
    this.#startPromised(-Infinity);
    const calledBack = new Set(this.revocations.map(({ jobId }) => jobId));
    const isSettled = (id: string) => this.#done.has(id) || calledBack.has(id);
    const promised = [...this.#promisedAt.keys()];
    const given = { view: this.#view, quotas: this.#quotas, isSettled, promised, promisesLeft: this.#promisesLeft };
    const repacked = repack(this.#engine, given);
    for (const [id, code] of repacked.blocked) this.blocked.set(id, code);
    for (const { job, places } of repacked.starts) this.#start(job, places);
    for (const { job, victims, reservation } of repacked.replacements) this.#stopFor(job, victims, reservation);
    for (const attempt of repacked.revocations)
      this.#revoke(attempt, 'What runs before it is to be stopped for a job that goes before it.');
    this.#isUnsettled = repacked.revocations.length > 0;
    for (const job of repacked.due) if (this.#promisesLeft > 0) this.#promise(job, this.#engine.ask(job));
  }

  #breakPromise(job: WaitingJob): void {
    this.#engine.cluster.forget(job.id);
    this.#done.delete(job.id);
    this.#promisedAt.delete(job);
    this.reservations.push({ jobId: job.id, reservation: null });
    this.#promisesLeft += 1;
  }

  #take(job: WaitingJob, walk: Walk): void {
    const inLine = this.#engine.placedAttempt(job.id);
    if (inLine) {
      this.#metInLine.add(job.id);
      this.#takeFromLine(inLine, walk);
      return;
    }
    const ask = this.#engine.ask(job);
    const refusal = this.#refuse(job, ask, walk);
    if (refusal) {
      this.blocked.set(job.id, refusal);
      return;
    }
    const found = this.#engine.cluster.find(ask, this.#now);
    if ('places' in found) {
      this.#start(job, found.places);
      walk.taken();
      return;
    }
    this.blocked.set(job.id, found.code);
    if (OWN_REASONS.has(found.code)) walk.blockBucket();
    else this.#keepOthersBack(job, ask, found.code, walk);
  }

  /** By a quota: now, or when those of its owner who were promised a start before its end have theirs. */
  #refuse(job: WaitingJob, ask: Ask, walk: Walk): WaitCode | null {
    const { owner, shape } = job;
    const refusal = this.#quotas.mayStart(owner, shape);
    if (refusal) {
      const isOfDevices = refusal.limit === 'hardGpus' || refusal.limit === 'hardCpuSlots';
      walk.blockOwner(owner, shape.deviceKind, isOfDevices ? allDevices(shape) : 0);
      return refusal.code;
    }
    const later = this.#refuseBeside(job, ask.priority, this.#now + holdMs(ask));
    if (later) walk.blockBucket();
    return later?.code ?? null;
  }

  /** By a quota, once those of its owner have started who were promised to before then. */
  #refuseBeside(job: WaitingJob, priority: number, before: number) {
    const { owner, shape } = job;
    const paper = this.#quotas.onPaper();
    for (const [other, at] of this.#promisedAt) {
      if (other.id === job.id || at >= before || !isOfSameQuota(other.owner, owner)) continue;
      if (this.#engine.priority(other.className) >= priority) paper.started(other.owner, other.shape);
    }
    return paper.mayStart(owner, shape);
  }

  #keepOthersBack(job: WaitingJob, ask: Ask, code: WaitCode, walk: Walk): void {
    if (this.#preemptors.length < PREEMPTORS) this.#preemptors.push(job);
    if (!this.#engine.policy.backfill.enabled) {
      closeKind(this.#engine.queueIndex, job.shape.deviceKind, walk);
      return;
    }
    if (this.#promisesLeft > 0 && this.#isToBePromised(job, walk)) this.#promise(job, ask);
    blockAlike(code, ask, walk);
  }

  /** Others of its class wait, whose jobs would pass it one after the other although its owner stands before them. */
  #hasRivals({ className }: WaitingJob): boolean {
    return (this.#engine.queueIndex.classes().get(className)?.size ?? 0) > 1;
  }

  #isToBePromised(job: WaitingJob, walk: Walk): boolean {
    const { reserveFor } = this.#engine.policy.backfill;
    return reserveFor === 'first' || walk.isDue() || this.#hasRivals(job);
  }

  #promise(job: WaitingJob, ask: Ask): void {
    // Promises may be kept early: all those of one owner are to fit beside each other.
    if (this.#refuseBeside(job, ask.priority, Infinity) || this.#clearLinesFor(ask)) return;
    const reservation = this.#engine.cluster.earliest(ask, this.#now);
    if (reservation) this.#give(job, ask, reservation);
  }

  /** What stands behind it in the lines of its node is called back; it is promised a start once that has happened. */
  #clearLinesFor(ask: Ask): boolean {
    const isAhead = ({ id }: WaitingJob) => this.#metInLine.has(id);
    const delaying = delayedBy(this.#engine, ask, { now: this.#now, isAhead });
    for (const attempt of delaying) this.#revoke(attempt, 'Its node is kept for a job that goes before it.');
    if (delaying.length > 0) this.#isUnsettled = true;
    return delaying.length > 0;
  }

  #give(job: WaitingJob, ask: Ask, reservation: Reservation): void {
    this.#promiseAt(job, ask, reservation);
    this.#promisesLeft -= 1;
  }

  #promiseAt(job: WaitingJob, ask: Ask, reservation: Reservation): void {
    this.#engine.cluster.promise(ask, reservation);
    this.reservations.push({ jobId: job.id, reservation });
    this.#promisedAt.set(job, reservation.at);
  }

  #start(job: WaitingJob, places: readonly FoundPlace[]): void {
    const [first] = places;
    if (!first) return;
    this.starts.push(plannedStart(this.#engine, job.id, [first, ...places.slice(1)]));
    this.#occupy(job, { parts: places, waiting: null });
  }

  #occupy(job: WaitingJob, placed: Pick<RunningAttempt, 'parts' | 'waiting'>): void {
    this.#done.add(job.id);
    this.#promisedAt.delete(job);
    this.#quotas.started(job.owner, job.shape);
    this.#engine.cluster.put(attemptOnPaper(job, placed, this.#now));
  }

  /** For those who could not start: evicted on paper, and if that makes room, asked to stop. */
  #preempt(): void {
    const chosen = new Set<string>();
    for (const job of this.#preemptors) {
      if (this.#quotas.mayStart(job.owner, job.shape) !== null) continue;
      const victims = findVictims(this.#engine, job, { view: this.#view, chosen });
      for (const { job: victim } of victims) chosen.add(victim.id);
      if (victims.length > 0) this.#stopFor(job, victims);
    }
  }

  /** Without a reservation that says where and when: the earliest that there is. */
  #stopFor(job: WaitingJob, victims: readonly RunningAttempt[], foreseen: Reservation | null = null): void {
    for (const victim of victims) {
      this.#engine.cluster.put({ ...victim, isStopping: true, stoppingSince: this.#now });
      this.preemptions.push({ jobId: victim.job.id, forJobId: job.id, reason: PREEMPTED });
    }
    const ask = this.#engine.ask(job);
    const at = foreseen ?? this.#engine.cluster.earliest(ask, this.#now);
    if (at) this.#give(job, ask, at);
    this.#quotas.started(job.owner, job.shape);
    this.#done.add(job.id);
  }

  /**
   * The next job of each busy device is assigned behind what runs there, so that all is in place when that ends. Not while nodes are
   * being emptied for a job on several of them: who is in line there keeps them busy.
   */
  #lineUp(): void {
    if ([...this.#promisedAt.keys()].some(({ shape }) => shape.nodes > 1)) return;
    const { cluster, queueIndex, policy } = this.#engine;
    const mayLine = (shape: EngineShape) => !policy.backfill.enabled || cluster.mayLine(shape);
    // Wide ones are met although there is no room for them: what they need is not for those behind them.
    const isWalked = (shape: EngineShape) => isWide(shape) || mayLine(shape);
    const wider: EngineShape[] = [];
    const walk = queueIndex.walk(this.#view, isWalked);
    for (let job = walk.next(); job; job = walk.next()) {
      if (this.#done.has(job.id)) continue;
      const ask = this.#engine.ask(job);
      // When it starts is open: whoever of its owner was promised a start, at any time, is to have theirs.
      if (this.#refuse(job, { ...ask, limitMs: Infinity }, walk) !== null) continue;
      const line = cluster.line(ask, this.#now, wider);
      if (line && line.behind.predecessors.every(({ jobId }) => !this.#kept.has(jobId))) {
        const { nodeId, devices, behind } = line;
        this.starts.push({ jobId: job.id, nodeId, devices, behind });
        const waiting = { count: behind.count, pool: behind.pool, isRevoking: false };
        this.#occupy(job, { parts: [{ nodeId, devices }], waiting });
        walk.taken();
        blockClosed(queueIndex, walk, isWalked);
      } else if (!policy.backfill.enabled) closeKind(this.#engine.queueIndex, job.shape.deviceKind, walk);
      else {
        if (isWide(job.shape)) wider.push(job.shape);
        walk.blockShape(engineShapeKey(job.shape));
      }
    }
  }
}

function isWide({ devices, nodes }: EngineShape): boolean {
  return devices > 1 && nodes === 1;
}
