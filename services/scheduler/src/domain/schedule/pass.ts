// One pass: which jobs start where, who is promised a start, who is stopped for whom, and who joins which line.
import type { FoundPlace } from './ask.ts';
import type { Plan, RunningAttempt, WaitingJob } from './engine-model.ts';
import { KeptPromises } from './kept-promises.ts';
import { LineUp } from './line-up.ts';
import { orderChangesAt } from './order-changes.ts';
import { PlanPaper } from './plan-paper.ts';
import { findVictims, preemptorsInLine } from './preempt.ts';
import { repack } from './repack.ts';
import type { SchedulingState } from './scheduling-state.ts';
import { StartsInOrder } from './starts-in-order.ts';

/** What runs past its limit moves promises from moment to moment: they are not followed faster than this. */
const SOONEST_MS = 1_000;
/** So many in line are looked at whether stopping others would help. */
const MOST_FROM_LINES = 8;
const BEFORE_A_STOP = 'What runs before it is to be stopped for a job that goes before it.';

/** Plans on paper: the cluster is that of a trial. */
export class Pass {
  readonly #paper: PlanPaper;
  readonly #promises: KeptPromises;
  /** To be stopped for somebody. */
  readonly #chosen = new Set<string>();

  constructor(engine: SchedulingState, now: number) {
    this.#paper = new PlanPaper(engine, now);
    this.#promises = new KeptPromises(this.#paper);
  }

  run(): Plan {
    const { preemption, handOff } = this.#paper.engine.policy;
    this.#callBack();
    const order = new StartsInOrder(this.#paper, this.#promises);
    if (preemption.by === 'order') this.#repack();
    else {
      order.run();
      this.#preempt(order.preemptors);
      this.#preemptFromLine();
    }
    if (!this.#paper.isUnsettled && handOff.enabled) new LineUp(this.#paper, order.kept).run();
    const { starts, preemptions, revocations, blocked } = this.#paper;
    const assigned = new Set(starts.map(({ jobId }) => jobId));
    const reservations = this.#paper.reservations.filter(({ jobId }) => !assigned.has(jobId));
    return { starts, preemptions, revocations, reservations, blocked, nextAt: this.#nextAt() };
  }

  /** When a promise falls due, or a booking begins or ends. */
  #nextAt(): number | null {
    const bookings = this.#paper.engine.bookings.flatMap(({ from, until }) => [from, until]);
    const times = [
      ...this.#paper.promisedAt.values(),
      ...bookings,
      ...orderChangesAt(this.#paper.engine, this.#paper.now),
    ].filter((time) => time > this.#paper.now);
    return times.length === 0 ? null : Math.max(this.#paper.now + SOONEST_MS, Math.min(...times));
  }

  /** Those in line on a node that takes no more jobs. */
  #callBack(): void {
    const closed = new Set<string>();
    for (const { id, refuses } of this.#paper.engine.nodes()) if (refuses === 'node-cordoned') closed.add(id);
    if (closed.size === 0) return;
    for (const { id } of this.#paper.engine.queueIndex.inLine()) {
      const attempt = this.#paper.engine.placedAttempt(id);
      if (attempt?.parts.some(({ nodeId }) => closed.has(nodeId)))
        this.#paper.revoke(attempt, 'Its node takes no new jobs.');
    }
  }

  /** Running jobs and waiting ones in one order: who comes first has the devices. */
  #repack(): void {
    this.#promises.start(-Infinity);
    const calledBack = new Set(this.#paper.revocations.map(({ jobId }) => jobId));
    const isSettled = (id: string) => this.#paper.done.has(id) || calledBack.has(id);
    const promised = [...this.#paper.promisedAt.keys()];
    const given = {
      view: this.#paper.view,
      quotas: this.#paper.quotas,
      isSettled,
      promised,
      promisesLeft: this.#paper.promisesLeft,
    };
    const repacked = repack(this.#paper.engine, given);
    for (const [id, code] of repacked.blocked) this.#paper.blocked.set(id, code);
    for (const { job, places } of repacked.starts) this.#startBeside(job, places);
    for (const { job, victims, reservation } of repacked.replacements) this.#paper.stopFor(job, victims, reservation);
    if (repacked.revocations.length > 0) this.#callBackFirst(repacked.revocations);
    for (const job of repacked.due)
      if (this.#paper.promisesLeft > 0) this.#paper.promise(job, this.#paper.engine.ask(job));
  }

  /** On paper those who are being stopped were gone. In fact a promise may count on the place before they are. */
  #startBeside(job: WaitingJob, places: readonly FoundPlace[]): void {
    const { engine, now, blocked } = this.#paper;
    if (engine.cluster.isClear(engine.ask(job), places, now)) this.#paper.start(job, places);
    else blocked.set(job.id, 'reserved');
  }

  /** For those who could not start: evicted on paper, and if that makes room, asked to stop. */
  #preempt(preemptors: readonly WaitingJob[]): void {
    const chosen = this.#chosen;
    for (const job of preemptors) {
      if (this.#paper.quotas.mayStart(job.owner, job.shape) !== null) continue;
      const { stopped, inLine } = findVictims(this.#paper.engine, job, { view: this.#paper.view, chosen });
      for (const { job: victim } of stopped) chosen.add(victim.id);
      if (inLine.length > 0) this.#callBackFirst(inLine);
      else if (stopped.length > 0) this.#paper.stopFor(job, stopped);
    }
  }

  /** Who is in line, and may have others stopped by now, is called back for that: it could be anybody's turn there. */
  #preemptFromLine(): void {
    const { engine, view } = this.#paper;
    for (const job of preemptorsInLine(engine, view).slice(0, MOST_FROM_LINES)) {
      const own = engine.placedAttempt(job.id);
      const { stopped, inLine } = findVictims(engine, job, { view, chosen: this.#chosen });
      for (const { job: victim } of stopped) this.#chosen.add(victim.id);
      if (own && stopped.length > 0) this.#callBackFirst([own, ...inLine]);
    }
  }

  /** They would have what comes free: nobody is stopped before they are out of their lines. */
  #callBackFirst(inLine: readonly RunningAttempt[]): void {
    for (const attempt of inLine) this.#paper.revoke(attempt, BEFORE_A_STOP);
    this.#paper.isUnsettled = true;
  }
}
