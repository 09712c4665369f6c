// Who stands in line behind running attempts, in the order of a pass: confirmed, or called back for those who go before them.
import type { SchedulingState } from './scheduling-state.ts';
import type { RunningAttempt, WaitingJob } from './engine-model.ts';

export class Line {
  readonly #engine: SchedulingState;
  readonly #now: number;
  /** Neither confirmed nor called back so far, by node: they stand after all jobs that were looked at. */
  readonly #after = new Map<string, RunningAttempt[]>();

  /** `leaving`: those that are called back for other reasons. */
  constructor(engine: SchedulingState, now: number, leaving: ReadonlySet<string>) {
    this.#engine = engine;
    this.#now = now;
    for (const attempt of engine.placed()) {
      const nodeId = attempt.parts[0]?.nodeId;
      if (!attempt.waiting || attempt.waiting.isRevoking || leaving.has(attempt.job.id) || nodeId === undefined)
        continue;
      const others = this.#after.get(nodeId);
      if (others) others.push(attempt);
      else this.#after.set(nodeId, [attempt]);
    }
  }

  /** Whether it stands in line already; its place is then its own. */
  confirm(job: WaitingJob): boolean {
    const attempt = this.#engine.placedAttempt(job.id);
    if (attempt) this.#settle(attempt);
    return attempt !== undefined;
  }

  /** One whose place in line is the job's, from now on; null if there is none without whom it `wouldJoin`. */
  giveWay(job: WaitingJob, wouldJoin: () => boolean): RunningAttempt | null {
    for (const attempts of this.#after.values()) {
      // The last one in line has the least to lose.
      for (const attempt of attempts.toReversed()) {
        if (!this.#mayBeCalledBack(attempt, job) || !this.#wouldDo(attempt, job, wouldJoin)) continue;
        this.#settle(attempt);
        return attempt;
      }
    }
    return null;
  }

  /** All who stand after the job and may be called back for it. */
  clear(job: WaitingJob): RunningAttempt[] {
    const gone = [...this.#after.values()]
      .flat()
      .filter((attempt) => attempt.job.shape.deviceKind === job.shape.deviceKind)
      .filter((attempt) => this.#mayBeCalledBack(attempt, job));
    for (const attempt of gone) this.#settle(attempt);
    return gone;
  }

  /** For a higher class at once; else what was made ready for it shall not be thrown away time and again. */
  #mayBeCalledBack({ job, assignedAt }: RunningAttempt, forJob: WaitingJob): boolean {
    const engine = this.#engine;
    if (engine.priority(forJob.className) > engine.priority(job.className)) return true;
    return this.#now - assignedAt >= engine.policy.handOff.keepForMs;
  }

  #wouldDo(attempt: RunningAttempt, job: WaitingJob, wouldJoin: () => boolean): boolean {
    const { cluster } = this.#engine;
    if (attempt.job.shape.deviceKind !== job.shape.deviceKind) return false;
    return cluster.trial(() => {
      cluster.drop(attempt.job.id);
      return wouldJoin();
    });
  }

  #settle(attempt: RunningAttempt): void {
    for (const [nodeId, attempts] of this.#after) {
      const index = attempts.findIndex(({ job }) => job.id === attempt.job.id);
      if (index < 0) continue;
      attempts.splice(index, 1);
      if (attempts.length === 0) this.#after.delete(nodeId);
      return;
    }
  }
}
