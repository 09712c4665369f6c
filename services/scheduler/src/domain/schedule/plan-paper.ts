// What a pass plans, on paper: what starts, stops and is promised, and what that leaves of quotas and devices.
import type { WaitCode } from '@baton/contracts';
import { type Ask, type FoundPlace, holdMs } from './ask.ts';
import { delayedBy } from './call-back.ts';
import type { Owner, PlannedStart, Reservation, RunningAttempt, WaitingJob } from './engine-model.ts';
import { allDevices } from './engine-shape.ts';
import { attemptOnPaper, plannedStart } from './planned-start.ts';
import type { QueueSection, ShapeEntry } from './queue-buckets.ts';
import type { Walk } from './queue-walk.ts';
import type { SchedulingState } from './scheduling-state.ts';
import { isOfSameQuota } from './walk-refusals.ts';
import type { OrderView } from './walk-standings.ts';

const PREEMPTED = 'Its devices go to a job that goes before it.';
const NOBODY: Owner = { userId: '', groupId: null };

/** The cluster is that of a trial. */
export class PlanPaper {
  readonly starts: PlannedStart[] = [];
  readonly preemptions: { jobId: string; forJobId: string; reason: string }[] = [];
  readonly revocations: { jobId: string; nodeId: string; reason: string }[] = [];
  readonly reservations: { jobId: string; reservation: Reservation | null }[] = [];
  readonly blocked = new Map<string, WaitCode>();
  readonly engine: SchedulingState;
  readonly now: number;
  readonly view: OrderView;
  readonly quotas: ReturnType<SchedulingState['quotas']['onPaper']>;
  /** Of all that wait or stand in line. */
  readonly highest: number;
  /** Planned in this pass, no longer to be looked at. */
  readonly done = new Set<string>();
  /** All that stand, of before and of this pass. */
  readonly promisedAt = new Map<WaitingJob, number>();
  promisesLeft: number;
  /** In line, and met in the order. */
  readonly metInLine = new Set<string>();
  /** Some are called back from their lines, for others to be stopped or promised a start next: until then nobody joins a line. */
  isUnsettled = false;

  constructor(engine: SchedulingState, now: number) {
    this.engine = engine;
    this.now = now;
    this.quotas = engine.quotas.onPaper();
    this.view = engine.orderView(now, this.quotas);
    this.highest = highestPriority(engine);
    for (const job of engine.queueIndex.reserved()) this.promisedAt.set(job, job.reservation?.at ?? 0);
    this.promisesLeft = engine.policy.backfill.reservations - this.promisedAt.size;
  }

  start(job: WaitingJob, places: readonly FoundPlace[]): void {
    const [first] = places;
    if (!first) return;
    this.starts.push(plannedStart(this.engine, job.id, [first, ...places.slice(1)]));
    this.occupy(job, { parts: places, waiting: null });
  }

  occupy(job: WaitingJob, placed: Pick<RunningAttempt, 'parts' | 'waiting'>): void {
    this.done.add(job.id);
    this.promisedAt.delete(job);
    this.quotas.started(job.owner, job.shape);
    this.engine.cluster.put(attemptOnPaper(job, placed, this.now));
  }

  promise(job: WaitingJob, ask: Ask): void {
    // Promises may be kept early: all those of one owner are to fit beside each other.
    if (this.refuseBeside(job, ask.priority, Infinity) || this.#clearLinesFor(ask)) return;
    const reservation = this.engine.cluster.earliest(ask, this.now);
    if (reservation) this.#give(job, ask, reservation);
  }

  /** What stands behind it in the lines of its node is called back; it is promised a start once that has happened. */
  #clearLinesFor(ask: Ask): boolean {
    const isAhead = ({ id }: WaitingJob) => this.metInLine.has(id);
    const delaying = delayedBy(this.engine, ask, { now: this.now, isAhead });
    for (const attempt of delaying) this.revoke(attempt, 'Its node is kept for a job that goes before it.');
    if (delaying.length > 0) this.isUnsettled = true;
    return delaying.length > 0;
  }

  /** From its line, unless it has been called back already. */
  revoke({ job, waiting, parts }: RunningAttempt, reason: string): void {
    if (waiting?.isRevoking !== false || this.revocations.some(({ jobId }) => jobId === job.id)) return;
    this.revocations.push({ jobId: job.id, nodeId: parts[0]?.nodeId ?? '', reason });
  }

  #give(job: WaitingJob, ask: Ask, reservation: Reservation): void {
    this.promiseAt(job, ask, reservation);
    this.promisesLeft -= 1;
  }

  promiseAt(job: WaitingJob, ask: Ask, reservation: Reservation): void {
    this.engine.cluster.promise(ask, reservation);
    this.reservations.push({ jobId: job.id, reservation });
    this.promisedAt.set(job, reservation.at);
  }

  breakPromise(job: WaitingJob): void {
    this.engine.cluster.forget(job.id);
    this.done.delete(job.id);
    this.promisedAt.delete(job);
    this.reservations.push({ jobId: job.id, reservation: null });
    this.promisesLeft += 1;
  }

  /** By a quota: now, or when those of its owner who were promised a start before its end have theirs. */
  refuse(job: WaitingJob, ask: Ask, walk: Walk): WaitCode | null {
    const { owner, shape } = job;
    const refusal = this.quotas.mayStart(owner, shape);
    if (refusal) {
      const isOfDevices = refusal.limit === 'hardGpus' || refusal.limit === 'hardCpuSlots';
      walk.blockOwner(owner, shape.deviceKind, isOfDevices ? allDevices(shape) : 0);
      return refusal.code;
    }
    const later = this.refuseBeside(job, ask.priority, this.now + holdMs(ask));
    if (later) walk.blockBucket();
    return later?.code ?? null;
  }

  /** By a quota, once those of its owner have started who were promised to before then. */
  refuseBeside(job: WaitingJob, priority: number, before: number) {
    if (!this.quotas.areAny) return null;
    const { owner, shape } = job;
    const paper = this.quotas.onPaper();
    for (const [other, at] of this.promisedAt) {
      if (other.id === job.id || at >= before || !isOfSameQuota(other.owner, owner)) continue;
      if (this.engine.priority(other.className) >= priority) paper.started(other.owner, other.shape);
    }
    return paper.mayStart(owner, shape);
  }

  /** Without a reservation that says where and when: the earliest that there is. */
  stopFor(job: WaitingJob, victims: readonly RunningAttempt[], foreseen: Reservation | null = null): void {
    for (const victim of victims) {
      this.engine.cluster.put({ ...victim, isStopping: true, stoppingSince: this.now });
      this.preemptions.push({ jobId: victim.job.id, forJobId: job.id, reason: PREEMPTED });
    }
    const ask = this.engine.ask(job);
    const at = foreseen ?? this.engine.cluster.earliest(ask, this.now);
    if (at) this.#give(job, ask, at);
    this.quotas.started(job.owner, job.shape);
    this.done.add(job.id);
  }

  /** The least that any job of the shape can ask for: who is refused this is refused all. */
  leastAsk({ shape, least }: ShapeEntry, sections: readonly QueueSection[]): Ask {
    const { defaultTimeLimitMs } = this.engine.policy.backfill;
    let limitMs = Infinity;
    for (const section of sections) limitMs = Math.min(limitMs, least[section].ms(defaultTimeLimitMs));
    return { jobId: '', shape, limitMs, graceMs: 0, owner: NOBODY, priority: this.highest };
  }
}

function highestPriority(engine: SchedulingState): number {
  const { queueIndex } = engine;
  const waiting = [...queueIndex.classes('queues').keys(), ...queueIndex.classes('inLine').keys()];
  return waiting.reduce((highest, name) => Math.max(highest, engine.priority(name)), -Infinity);
}
