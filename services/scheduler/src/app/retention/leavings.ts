// What a job that is over has left, as its document has it.
import type { AttemptResult } from '@baton/contracts';
import type { JobDocument } from '../../projections/job-document.ts';
import type { RetentionDocument } from '../../projections/retention-document.ts';
import type { Leavings } from './expiry.ts';

const ALL = ['output', 'metrics'] as const;

export function leavingsOf(job: JobDocument, removed: RetentionDocument | undefined): Leavings {
  const { id: jobId, name: jobName, ownerId, groupId } = job;
  const outputs = resultsOf(job).flatMap(({ output }) => [output?.stdout ?? null, output?.stderr ?? null]);
  return {
    jobId,
    jobName,
    ownerId,
    groupId,
    endedAt: job.updatedAt,
    outputBytes: outputs.reduce((sum, blob) => sum + (blob?.sizeBytes ?? 0), 0),
    kept: ALL.filter((what) => removed === undefined || removed[what].status === 'kept'),
  };
}

/** Digests of its whole outputs, of every attempt and every rank. */
export function outputBlobs(job: JobDocument): Set<string> {
  const outputs = resultsOf(job).flatMap(({ output }) => [output?.stdout, output?.stderr]);
  return new Set(outputs.flatMap((blob) => (blob ? [blob.digest] : [])));
}

/** Digests of the manifests of its artifacts and checkpoints, which name further content. */
export function manifestsOf(job: JobDocument): Set<string> {
  const told = resultsOf(job).flatMap(({ artifacts, checkpoints }) => [artifacts, checkpoints]);
  const running = job.attempts.map(({ checkpoints }) => checkpoints);
  return new Set([...told, ...running].flatMap((manifest) => (manifest ? [manifest.digest] : [])));
}

function resultsOf({ attempts }: JobDocument): AttemptResult[] {
  return attempts
    .flatMap(({ result, ranks = [] }) => [result, ...ranks.map((rank) => rank.result)])
    .filter((result) => result !== null);
}
