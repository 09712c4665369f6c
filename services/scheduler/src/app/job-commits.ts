// A job's own stream, for those who may read it.
import { canRead, type JobEvent } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { RecordedCommit } from '@baton/event-store';
import { type ExistingJob, evolveJob, initialJob, type JobState } from '../domain/job.ts';
import type { Caller, JobLog } from './ports.ts';

export function noSuchJob(id: string): PlatformError {
  return new PlatformError('not_found', `There is no job ${id}.`);
}

/** `not_found` for those who may not read it. */
export async function readCommits(log: JobLog, caller: Caller, id: string): Promise<RecordedCommit[]> {
  const commits = await log.readJob(id);
  const first = commits[0]?.events[0] as JobEvent | undefined;
  if (first?.type !== 'JobSubmitted' || !canRead(caller.principal, first.data)) throw noSuchJob(id);
  return commits;
}

export async function loadJob(log: JobLog, caller: Caller, id: string): Promise<ExistingJob> {
  const commits = await readCommits(log, caller, id);
  const state = commits.flatMap((commit) => commit.events as JobEvent[]).reduce<JobState>(evolveJob, initialJob);
  if (state.phase === 'none') throw noSuchJob(id);
  return state;
}
