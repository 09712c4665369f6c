// A bucket inside a walk: the job that is next in it, and where that stands among its owner's.
import type { Policy } from '@baton/contracts';
import type { WaitingJob } from './engine-model.ts';
import { byOrder, type JobSize, type Score } from './ordering.ts';
import type { JobList } from './job-list.ts';
import type { Bucket } from './queue-buckets.ts';

export interface CursorRules {
  readonly policy: Policy;
  readonly scoreOf: Score;
  /** Jobs of this owner that go before its others. */
  readonly overdue: ReadonlySet<string>;
  /** Several whole nodes are free for it now, which is rare: it goes first. */
  readonly isReadyGang: boolean;
}

/** The jobs that a cursor goes through. */
export interface CursorJobs {
  readonly jobs: JobList;
  /** By another cursor: left out. */
  readonly isGiven?: (job: WaitingJob) => boolean;
}

/** What a job's place among its owner's depends on. */
export interface JobStanding {
  readonly job: WaitingJob | undefined;
  readonly score: number;
  readonly isOverdue: boolean;
  readonly isReadyGang: boolean;
}

export class Cursor implements JobStanding {
  job: WaitingJob | undefined;
  score = 0;
  isOverdue = false;
  /** It gives no more jobs in this walk. */
  isOut = false;
  readonly isReadyGang: boolean;
  readonly #place = { piece: 0, index: 0 };
  readonly #rules: CursorRules;
  readonly #size: JobSize;
  readonly #from: CursorJobs;

  constructor(
    readonly bucket: Bucket,
    rules: CursorRules,
    from: CursorJobs = bucket,
  ) {
    this.#rules = rules;
    this.#size = bucket.size(rules.policy);
    this.#from = from;
    this.isReadyGang = rules.isReadyGang;
    this.#look();
  }

  advance(): void {
    this.#from.jobs.advance(this.#place);
    this.#look();
  }

  #look(): void {
    const { jobs, isGiven } = this.#from;
    let job = jobs.at(this.#place);
    for (; job && isGiven?.(job) === true; job = jobs.at(this.#place)) jobs.advance(this.#place);
    this.job = job;
    if (!job) return;
    const { scoreOf, overdue } = this.#rules;
    this.score = scoreOf(this.#size, job);
    this.isOverdue = overdue.size > 0 && overdue.has(job.id);
  }
}

export function byScore(a: JobStanding, b: JobStanding): number {
  if (a.isReadyGang !== b.isReadyGang) return a.isReadyGang ? -1 : 1;
  if (a.isOverdue !== b.isOverdue) return a.isOverdue ? -1 : 1;
  if (!a.isOverdue && a.score !== b.score) return a.score - b.score;
  return byAge(a, b);
}

/** Those without a job last. */
export function byAge({ job: a }: JobStanding, { job: b }: JobStanding): number {
  return a && b ? byOrder(a, b) : Number(!a) - Number(!b);
}
