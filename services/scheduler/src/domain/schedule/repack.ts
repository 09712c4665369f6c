// Preemption by order: running jobs and waiting ones are walked in one order on paper, and what comes out is compared with what is.
import type { WaitCode } from '@baton/contracts';
import type { Ask, FoundPlace } from './ask.ts';
import type { Reservation, RunningAttempt, WaitingJob } from './engine-model.ts';
import { engineShapeKey } from './engine-shape.ts';
import type { Displaceables } from './displaceables.ts';
import { Displaced } from './displaced.ts';
import { asWaiting, movableAttempts, type Movable, ranked } from './movable.ts';
import type { ShapeEntry } from './queue-buckets.ts';
import type { QuotaBook } from './quotas.ts';
import type { Walk } from './queue-walk.ts';
import type { SchedulingState } from './scheduling-state.ts';
import type { OrderView } from './walk-standings.ts';

export interface RepackView {
  readonly view: OrderView;
  /** With what was planned in this pass already. */
  readonly quotas: QuotaBook;
  /** Jobs that are not to be looked at: they have a promise, or were called back in this pass. */
  readonly isSettled: (jobId: string) => boolean;
  /** Jobs whose promises stand: their owners' quotas are to have room for them. */
  readonly promised: readonly WaitingJob[];
  /** So many more may be promised a start. */
  readonly promisesLeft: number;
}

/** Others are asked to stop for it; it has a promise of their devices meanwhile. */
export interface Replacement {
  readonly job: WaitingJob;
  readonly victims: readonly RunningAttempt[];
  readonly reservation: Reservation;
}

export interface Repacked {
  readonly starts: readonly { readonly job: WaitingJob; readonly places: readonly FoundPlace[] }[];
  readonly replacements: readonly Replacement[];
  /** Those in lines behind jobs that are to be stopped next, or that could have others stopped themselves. */
  readonly revocations: readonly RunningAttempt[];
  /** Have waited too long, and are kept out by jobs that may not be stopped. */
  readonly due: readonly WaitingJob[];
  readonly blocked: ReadonlyMap<string, WaitCode>;
}

/** Plans inside a trial of its own: nothing is changed by it. */
export function repack(state: SchedulingState, given: RepackView): Repacked {
  if (state.queueIndex.size === 0 && ![...state.placed()].some(({ waiting }) => waiting)) return NOTHING;
  return state.cluster.trial(() => new Repack(state, given).run());
}

const NOTHING: Repacked = { starts: [], replacements: [], revocations: [], due: [], blocked: new Map() };

class Repack implements Repacked {
  readonly starts: { job: WaitingJob; places: readonly FoundPlace[] }[] = [];
  readonly replacements: Replacement[] = [];
  readonly revocations: RunningAttempt[] = [];
  readonly due: WaitingJob[] = [];
  readonly blocked = new Map<string, WaitCode>();
  readonly #state: SchedulingState;
  readonly #given: RepackView;
  readonly #now: number;
  /** What counts against quotas is what runs, and what starts in this pass: who is stopped still counts. */
  readonly #quotas: QuotaBook;
  /** The order sees nobody run but those that were reached already: what is guaranteed to somebody goes first. */
  readonly #reached: QuotaBook;
  readonly #movable: ReadonlyMap<string, Movable>;
  /** Not reached yet: they stand behind all that were. Null: not asked yet. */
  #open: Displaceables | null = null;
  readonly #walked = new Set<string>();
  readonly #gone: Displaced;
  readonly #longestGraceMs: number;
  /** Shapes that are waited for, each with how many jobs were not given yet: when none is left, the rest stays as it is. */
  readonly #waiting: Map<string, number>;

  constructor(state: SchedulingState, given: RepackView) {
    this.#state = state;
    this.#given = given;
    this.#now = given.view.now;
    this.#quotas = given.quotas.onPaper();
    this.#reached = given.quotas.onPaper();
    const { now } = given.view;
    this.#movable = new Map(
      movableAttempts(state, given).map((attempt) => [attempt.job.id, { attempt, job: asWaiting(attempt, now) }]),
    );
    this.#gone = new Displaced(state.cluster, this.#now);
    this.#longestGraceMs = [...state.placed()].reduce((longest, { graceMs }) => Math.max(longest, graceMs), 1);
    this.#waiting = new Map([...state.queueIndex.shapes()].map((entry) => [entry.key, sizeOf(entry)]));
  }

  run(): this {
    const { queueIndex } = this.#state;
    for (const attempt of this.#state.placed()) if (attempt.isStopping) this.#gone.take(attempt);
    if (this.#hasQuotas)
      for (const { attempt } of this.#movable.values()) this.#reached.ended(attempt.job.owner, attempt.job.shape);
    try {
      for (const { job } of this.#movable.values()) queueIndex.add(job);
      this.#walk(queueIndex.walk({ ...this.#given.view, quotas: this.#reached, isGangReady: undefined }));
    } finally {
      for (const id of this.#movable.keys()) queueIndex.remove(id);
    }
    return this;
  }

  #walk(walk: Walk): void {
    const isLineLeft = [...this.#movable.values()].some(({ attempt }) => attempt.waiting);
    for (let job = walk.next(); job && (isLineLeft || this.#waiting.size > 0); job = walk.next()) {
      const movable = this.#movable.get(job.id);
      if (movable) this.#reach(movable, walk);
      else {
        this.#count(engineShapeKey(job.shape));
        if (!this.#given.isSettled(job.id)) this.#place(job, walk);
      }
    }
  }

  #count(shapeKey: string): void {
    const left = (this.#waiting.get(shapeKey) ?? 1) - 1;
    if (left === 0) this.#waiting.delete(shapeKey);
    else this.#waiting.set(shapeKey, left);
  }

  /** Who was not displaced by those before it stays where it is. */
  #reach(movable: Movable, walk: Walk): void {
    const { attempt } = movable;
    const { id } = attempt.job;
    this.#walked.add(id);
    this.#open?.remove(id);
    if (this.#gone.has(id)) {
      // It will go on elsewhere, where there is room: that is kept for it.
      const found = this.#state.cluster.find(this.#state.ask(attempt.job), this.#now);
      if (!('places' in found)) return;
      this.#occupy(attempt.job, found.places);
    } else if (attempt.waiting) this.#callOut(movable);
    if (this.#hasQuotas) this.#reached.started(attempt.job.owner, attempt.job.shape);
    walk.taken();
  }

  get #hasQuotas(): boolean {
    return this.#state.policy.quotas.length > 0;
  }

  /** One in line that may have others stopped is called back first: who is stopped frees devices for whoever is in line. */
  #callOut({ attempt }: Movable): void {
    const { job } = attempt;
    this.#gone.take(attempt);
    const room = this.#makeRoom(job);
    // With nobody to stop it is next anyhow, where it stands.
    if (!room || room.victims.length === 0) {
      this.#gone.putBack(attempt);
      return;
    }
    const inLine = room.victims.filter(({ waiting }) => waiting);
    this.#callBack([attempt, ...inLine], room.victims);
    this.#occupy(job, room.places);
  }

  #place(job: WaitingJob, walk: Walk): void {
    const { owner, shape } = job;
    const ask = this.#state.ask(job);
    const refusal = this.#quotasWithPromised(ask).mayStart(owner, shape);
    if (refusal) {
      this.blocked.set(job.id, refusal.code);
      walk.blockBucket();
      return;
    }
    const found = this.#state.cluster.find(ask, this.#now);
    const room = 'places' in found ? { places: found.places, victims: [] } : this.#makeRoom(job);
    if (!room) {
      this.#block(job, ask, 'code' in found ? found.code : 'devices-busy', walk);
      return;
    }
    this.#decide(job, room);
    this.#occupy(job, room.places);
    this.#quotas.started(owner, shape);
    this.#reached.started(owner, shape);
    walk.taken();
  }

  #quotasWithPromised({ priority }: Ask): QuotaBook {
    if (!this.#hasQuotas) return this.#quotas;
    const paper = this.#quotas.onPaper();
    for (const { className, owner, shape } of [...this.#given.promised, ...this.due])
      if (this.#state.priority(className) >= priority) paper.started(owner, shape);
    return paper;
  }

  #decide(job: WaitingJob, { places, victims }: Room): void {
    const isFree = victims.length === 0 && this.#gone.leaves(places, job.shape);
    if (isFree) this.starts.push({ job, places });
    else this.blocked.set(job.id, 'devices-busy');
    if (victims.length === 0) return;
    const inLine = victims.filter(({ waiting }) => waiting);
    if (inLine.length > 0 || this.#gone.isAwaited(places)) {
      this.#callBack(inLine, victims);
      return;
    }
    const reservation = { nodeIds: places.map(({ nodeId }) => nodeId), at: this.#gone.freeBy(places) };
    this.replacements.push({ job, victims, reservation });
  }

  /** Those in line alone, now; the others are asked to stop when that is done. */
  #callBack(inLine: readonly RunningAttempt[], others: readonly RunningAttempt[]): void {
    this.revocations.push(...inLine);
    this.#gone.await([...inLine, ...others]);
  }

  #makeRoom(job: WaitingJob): Room | null {
    const { cluster } = this.#state;
    // It starts only when they have gone, and must not be in anybody's way then either.
    const ask = { ...this.#state.ask(job), graceMs: job.graceMs + this.#longestGraceMs };
    this.#open ??= this.#rank();
    const ids = cluster.makeRoom(ask, this.#now, this.#open);
    if (!ids) return null;
    const victims = ids.flatMap((id) => this.#movable.get(id)?.attempt ?? []);
    for (const victim of victims) {
      this.#open.remove(victim.job.id);
      this.#gone.take(victim);
    }
    const found = cluster.find(ask, this.#now);
    if ('places' in found) return { places: found.places, victims };
    throw new Error(`${job.id} has no room on paper where ${ids.join(', ')} were`);
  }

  #rank(): Displaceables {
    const open = [...this.#movable.values()].filter(({ job }) => !this.#walked.has(job.id));
    return ranked(open, this.#state, this.#given.view);
  }

  /** Later ones of its shape have even fewer whom they may displace; only shorter ones may still end before a promised start. */
  #block(job: WaitingJob, ask: Ask, code: WaitCode, walk: Walk): void {
    this.blocked.set(job.id, code);
    if (walk.isDue() && this.due.length < this.#given.promisesLeft) this.due.push(job);
    const { bookings, queueIndex } = this.#state;
    if (bookings.length > 0 || code === 'no-node' || code === 'node-unreachable' || code === 'node-cordoned')
      walk.blockBucket();
    else if (queueIndex.reserved().next().done === true) {
      walk.blockShape(engineShapeKey(job.shape));
      this.#waiting.delete(engineShapeKey(job.shape));
    } else walk.blockShape(engineShapeKey(job.shape), ask.limitMs);
  }

  #occupy(job: WaitingJob, places: readonly FoundPlace[]): void {
    this.#state.cluster.put({
      job,
      attempt: job.nextAttempt,
      placedAt: Number.MAX_SAFE_INTEGER,
      parts: places,
      waiting: null,
      since: this.#now,
      graceMs: job.graceMs,
      isStopping: false,
    });
  }
}

interface Room {
  readonly places: readonly FoundPlace[];
  readonly victims: readonly RunningAttempt[];
}

function sizeOf({ queues }: ShapeEntry): number {
  let size = 0;
  for (const { buckets } of queues) for (const { jobs } of buckets) size += jobs.size;
  return size;
}
