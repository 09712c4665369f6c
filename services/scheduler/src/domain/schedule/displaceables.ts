// The jobs that may still be displaced for others: those that the walk has not reached, and how much of each node they have.
import type { RunningAttempt } from './engine-model.ts';

export interface Displaceable {
  /** Its place in the order among those that may be displaced. */
  readonly rank: number;
  /** Device-milliseconds of work that would have to be done again. */
  readonly lost: number;
  readonly attempt: RunningAttempt;
}

export class Displaceables {
  readonly #jobs = new Map<string, Displaceable>();
  readonly #devices = new Map<string, number>();

  add(job: Displaceable): void {
    this.#jobs.set(job.attempt.job.id, job);
    this.#count(job.attempt, 1);
  }

  get(jobId: string): Displaceable | undefined {
    return this.#jobs.get(jobId);
  }

  remove(jobId: string): void {
    const job = this.#jobs.get(jobId);
    if (!job) return;
    this.#jobs.delete(jobId);
    this.#count(job.attempt, -1);
  }

  /** That they have, or are next to have: at most so many come free there with them. */
  devicesOn(nodeId: string): number {
    return this.#devices.get(nodeId) ?? 0;
  }

  #count({ parts, waiting }: RunningAttempt, sign: 1 | -1): void {
    for (const { nodeId, devices } of parts) {
      const count = devices.length + (waiting?.count ?? 0);
      this.#devices.set(nodeId, this.devicesOn(nodeId) + sign * count);
    }
  }
}
