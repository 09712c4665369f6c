// Follows the log of jobs and hands each success on, in order, from where it stopped.
import { setTimeout as delay } from 'node:timers/promises';
import type { EventStore, RecordedCommit } from '@baton/event-store';
import type { Checkpoint } from '@baton/read-store';
import type { Logger } from '@baton/service-host';
import { JobRuns } from '../app/job-runs.ts';
import type { WeightsRegistration } from '../app/weights-registration.ts';
import { registrationOf } from '../domain/job-run.ts';

/** Where following goes on after a restart. */
export interface FollowerPosition {
  load(): Promise<number>;
  save(checkpoint: Checkpoint): Promise<void>;
}

export interface JobFollowerOptions {
  readonly jobs: EventStore;
  readonly registration: WeightsRegistration;
  readonly position: FollowerPosition;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Commits between two savings of the position: what comes again after a crash changes nothing, it only takes time. */
const SAVE_EVERY = 200;
const RETRY_MS = { first: 250, longest: 30_000 };
/** A later try may succeed; everything else would fail again and is left out, so that one job can't hold up the others. */
const TRANSIENT = new Set(['unavailable', 'outcome_unknown', 'conflict', 'name_taken', 'storage_full']);

export class JobFollower {
  readonly #options: JobFollowerOptions;
  readonly #runs: JobRuns;
  #unsaved = 0;

  constructor(options: JobFollowerOptions) {
    this.#options = options;
    this.#runs = new JobRuns({ historyOf: (id) => options.jobs.readAggregate({ aggregate: 'job', id }) });
  }

  /** Resolves when the signal aborts. After an error it goes on from the saved position. */
  async run(): Promise<void> {
    const { log, signal } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#follow();
      } catch (error) {
        if (signal.aborted) return;
        log.error({ err: error }, 'following the jobs failed');
        await delay(RETRY_MS.longest, undefined, { signal }).catch(() => {});
      }
    }
  }

  async #follow(): Promise<void> {
    const { jobs, position, signal } = this.#options;
    let last: RecordedCommit | null = null;
    for await (const item of jobs.subscribe(await position.load(), { aggregates: ['job'], signal })) {
      if (item.kind === 'commit') {
        last = item.commit;
        const registered = await this.#take(item.commit);
        this.#unsaved += 1;
        if (!registered && this.#unsaved < SAVE_EVERY) continue;
      }
      if (last !== null && !signal.aborted) await this.#save(last);
    }
  }

  async #save({ position, hash }: RecordedCommit): Promise<void> {
    await this.#options.position.save({ position, hash });
    this.#unsaved = 0;
  }

  /** Whether the commit led to a registration. */
  async #take(commit: RecordedCommit): Promise<boolean> {
    const jobId = commit.ref.id;
    const registration = registrationOf(jobId, await this.#runs.after(commit));
    if (registration === null) return false;
    const { log, signal } = this.#options;
    for (let waitMs = RETRY_MS.first; !signal.aborted; waitMs = Math.min(waitMs * 2, RETRY_MS.longest)) {
      try {
        const outcome = await this.#options.registration.register(registration, commit.commitId);
        log.info({ jobId, model: registration.model, ...outcome }, 'weights of a finished job');
        return true;
      } catch (error) {
        if (signal.aborted) return false;
        const transient = TRANSIENT.has(String((error as { code?: unknown }).code));
        log.error(
          { err: error, jobId, model: registration.model, transient },
          'the weights of a job could not be registered',
        );
        if (!transient) return true;
        await delay(waitMs, undefined, { signal }).catch(() => {});
      }
    }
    return false;
  }
}
