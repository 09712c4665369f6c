// The jobs that wait, in the order of the policy: each starts where it fits, is called back from a line elsewhere, or is promised a start.
import type { WaitCode } from '@baton/contracts';
import type { Ask } from './ask.ts';
import { outranksLine } from './call-back.ts';
import type { RunningAttempt, WaitingJob } from './engine-model.ts';
import type { KeptPromises } from './kept-promises.ts';
import type { PlanPaper } from './plan-paper.ts';
import { mayAnyPreempt, mayPreempt } from './preempt.ts';
import type { ShapeEntry } from './queue-buckets.ts';
import type { Walk } from './queue-walk.ts';
import { blockAlike, closeKind } from './walk-refusals.ts';

/** For so many blocked jobs a pass looks whether stopping others would help. */
const PREEMPTORS = 8;
/** No fit for reasons that say nothing of what others may have. */
const OWN_REASONS: ReadonlySet<WaitCode> = new Set(['no-node', 'node-unreachable', 'node-cordoned']);

export class StartsInOrder {
  /** What stands for those called back, where they could start: nobody can wait behind it. */
  readonly kept = new Set<string>();
  /** First of those that don't fit, in order: for whom others may be stopped. */
  readonly preemptors: WaitingJob[] = [];
  readonly #paper: PlanPaper;
  readonly #promises: KeptPromises;
  readonly #mayAnyPreempt: boolean;

  constructor(paper: PlanPaper, promises: KeptPromises) {
    this.#paper = paper;
    this.#promises = promises;
    this.#mayAnyPreempt = mayAnyPreempt(paper.engine);
  }

  run(): void {
    const { classes, backfill } = this.#paper.engine.policy;
    // A promise that is kept now makes room for another: in the same pass, or somebody passes who must not.
    this.#startPromised(
      this.#mayAnyPreempt ? Math.max(...classes.map(({ priority }) => priority)) : this.#paper.highest,
    );
    const isEveryShapeWalked = () => this.#paper.promisesLeft > 0 || this.#promises.areLeft || !backfill.enabled;
    const isWalked = (entry: ShapeEntry) =>
      isEveryShapeWalked() || this.#mayAnyStart(entry) || this.#mayPreempt(entry) || this.#mayOutrank(entry);
    const walk = this.#paper.engine.queueIndex.walkWithLines(this.#paper.view, isWalked);
    for (let job = walk.next(); job; job = walk.next()) {
      this.#startPromised(this.#paper.engine.priority(job.className));
      const changes = this.#paper.starts.length + this.#paper.reservations.length;
      if (!this.#paper.done.has(job.id)) this.#take(job, walk);
      if (changes < this.#paper.starts.length + this.#paper.reservations.length && !isEveryShapeWalked())
        walk.blockClosed(isWalked);
    }
    this.#startPromised(-Infinity);
  }

  /** False: not even those that ask for their devices for the shortest time can. */
  #mayAnyStart(entry: ShapeEntry): boolean {
    const { cluster } = this.#paper.engine;
    if (this.#mayAnyPreempt) return cluster.isOpen(entry.shape);
    return cluster.mayStart(this.#paper.leastAsk(entry, ['queues', 'inLine']), this.#paper.now);
  }

  /** Somebody of the shape may have others stopped: looked at although it fits nowhere. */
  #mayPreempt({ shape, queues }: ShapeEntry): boolean {
    if (!this.#mayAnyPreempt) return false;
    return [...queues].some(({ parent }) =>
      mayPreempt({ className: parent.className, owner: parent.entry.owner, shape }, this.#paper.view),
    );
  }

  /** Somebody of the shape is of a higher class than one in line. */
  #mayOutrank({ queues }: ShapeEntry): boolean {
    const { engine } = this.#paper;
    if (engine.queueIndex.classes('inLine').size === 0) return false;
    return [...queues].some(({ parent }) => outranksLine(engine, engine.priority(parent.className)));
  }

  #take(job: WaitingJob, walk: Walk): void {
    const inLine = this.#paper.engine.placedAttempt(job.id);
    if (inLine) {
      this.#paper.metInLine.add(job.id);
      this.#takeFromLine(inLine, walk);
      return;
    }
    const ask = this.#paper.engine.ask(job);
    const refusal = this.#paper.refuse(job, ask, walk);
    if (refusal) {
      this.#paper.blocked.set(job.id, refusal);
      return;
    }
    const found = this.#paper.engine.cluster.find(ask, this.#paper.now);
    if ('places' in found) {
      this.#paper.start(job, found.places);
      walk.taken();
      return;
    }
    this.#paper.blocked.set(job.id, found.code);
    if (OWN_REASONS.has(found.code)) walk.blockBucket();
    else this.#keepOthersBack(job, ask, found.code, walk);
  }

  /** One in line that could start elsewhere at once, when it is its turn, is called back; what it could have is kept for it. */
  #takeFromLine(attempt: RunningAttempt, walk: Walk): void {
    const { job, parts } = attempt;
    const { cluster } = this.#paper.engine;
    const ask = this.#paper.engine.ask(job);
    const nodeId = parts[0]?.nodeId ?? '';
    const found = cluster.trial(() => {
      cluster.drop(job.id);
      return cluster.find(ask, this.#paper.now);
    });
    if ('code' in found) {
      if (OWN_REASONS.has(found.code)) walk.blockBucket();
      else blockAlike(found.code, ask, walk);
      return;
    }
    if (found.places.some((place) => place.nodeId === nodeId)) return;
    this.#paper.revoke(attempt, 'It can start elsewhere at once.');
    this.#keepFor(attempt, { parts: found.places, waiting: null, since: this.#paper.now });
    walk.taken();
  }

  /** On paper, under a name of its own: it is in its line too. */
  #keepFor(attempt: RunningAttempt, elsewhere: Pick<RunningAttempt, 'parts' | 'waiting' | 'since'>): void {
    const id = `${attempt.job.id} elsewhere`;
    this.kept.add(id);
    this.#paper.engine.cluster.put({ ...attempt, ...elsewhere, job: { ...attempt.job, id } });
  }

  #keepOthersBack(job: WaitingJob, ask: Ask, code: WaitCode, walk: Walk): void {
    this.#addPreemptor(job);
    if (!this.#paper.engine.policy.backfill.enabled) {
      closeKind(this.#paper.engine.queueIndex, job.shape.deviceKind, walk);
      return;
    }
    // Beyond the promises that there are to give: one in line of a lower class would have what comes free.
    const isAbove = outranksLine(this.#paper.engine, ask.priority);
    if (isAbove || (this.#paper.promisesLeft > 0 && this.#isToBePromised(job, walk))) this.#paper.promise(job, ask);
    blockAlike(code, ask, walk);
  }

  #isToBePromised(job: WaitingJob, walk: Walk): boolean {
    const { reserveFor } = this.#paper.engine.policy.backfill;
    return reserveFor === 'first' || walk.isDue() || this.#hasRivals(job);
  }

  /** Others of its class wait, whose jobs would pass it one after the other although its owner stands before them. */
  #hasRivals({ className }: WaitingJob): boolean {
    return (this.#paper.engine.queueIndex.classes().get(className)?.size ?? 0) > 1;
  }

  #startPromised(priority: number): void {
    const before = this.#promises.blocked.length;
    this.#promises.start(priority);
    for (const job of this.#promises.blocked.slice(before)) this.#addPreemptor(job);
  }

  #addPreemptor(job: WaitingJob): void {
    if (this.preemptors.length < PREEMPTORS) this.preemptors.push(job);
  }
}
