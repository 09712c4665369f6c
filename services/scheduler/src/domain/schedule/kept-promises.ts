// Those who were promised a start before this pass: who starts now, who is promised a sooner time, and whose promise is void.
import type { WaitingJob } from './engine-model.ts';
import type { PlanPaper } from './plan-paper.ts';

export class KeptPromises {
  /** Cannot start yet, in order: for whom others may be stopped. */
  readonly blocked: WaitingJob[] = [];
  readonly #paper: PlanPaper;
  #promised: readonly WaitingJob[];

  constructor(paper: PlanPaper) {
    const { engine } = paper;
    this.#paper = paper;
    this.#promised = [...paper.promisedAt.keys()].toSorted(
      (a, b) => engine.priority(b.className) - engine.priority(a.className) || a.order - b.order,
    );
  }

  /** Some of lower classes are yet to be looked at. */
  get areLeft(): boolean {
    return this.#promised.length > 0;
  }

  /** Promises first, class by class. One that can't be kept is void: the job is promised another start when it is its turn. */
  start(priority: number): void {
    const { cluster } = this.#paper.engine;
    const due = this.#promised.filter((job) => this.#paper.engine.priority(job.className) >= priority);
    this.#promised = this.#promised.slice(due.length);
    for (const job of due) {
      this.#paper.done.add(job.id);
      if (this.#paper.quotas.mayStart(job.owner, job.shape) !== null) continue;
      const found = cluster.find(this.#paper.engine.ask(job), this.#paper.now);
      if ('places' in found) {
        this.#paper.start(job, found.places);
        this.#paper.promisesLeft += 1;
      } else if (!cluster.keeps(job.id, this.#paper.now)) this.#paper.breakPromise(job);
      else {
        this.#bringForward(job);
        this.blocked.push(job);
      }
    }
  }

  /** Others have ended before their limits. */
  #bringForward(job: WaitingJob): void {
    const sooner = this.#paper.engine.cluster.sooner(job.id, this.#paper.now);
    const ask = this.#paper.engine.ask(job);
    if (sooner && !this.#paper.refuseBeside(job, ask.priority, Infinity)) this.#paper.promiseAt(job, ask, sooner);
  }
}
