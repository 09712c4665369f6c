// A job that is not over, as the ledger knows it.
import type { ExistingJob } from './job.ts';

/** Where a commit stands, as much of it as the next commit needs. */
export interface CommitPlace {
  readonly position: number;
  readonly revision: number;
  readonly hash: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

export interface JobRecord extends CommitPlace {
  readonly id: string;
  readonly state: ExistingJob;
  /** Position of its submission: its place in the queue. */
  readonly order: number;
  readonly submittedAt: number;
  /** Position of its newest assignment: its place among what is placed on its node. */
  readonly placedAt: number;
  readonly assignedAt: number;
  /** When it was asked to stop. */
  readonly stoppingSince: number | null;
  /** What it is expected to run, as it was when it was submitted; null: not known. */
  readonly estimateMs: number | null;
}
