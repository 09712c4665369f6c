// What a job that is over has left, as its document has it.
import type { AttemptResult } from '@baton/contracts';
import type { JobDocument } from '../../projections/job-document.ts';
import type { RetentionDocument } from '../../projections/retention-document.ts';
import type { Leavings } from './expiry.ts';

const ALL = ['output', 'metrics'] as const;

export function leavingsOf(job: JobDocument, removed: RetentionDocument | undefined): Leavings {
  const { id: jobId, name: jobName, ownerId, groupId } = job;
  const results = ownResultsOf(job);
  const outputs = results.flatMap(({ output }) => [output?.stdout?.sizeBytes, output?.stderr?.sizeBytes]);
  return {
    jobId,
    jobName,
    ownerId,
    groupId,
    endedAt: job.updatedAt,
    bytes: { output: sumOf(outputs), metrics: sumOf(results.map(({ metricsBytes }) => metricsBytes)) },
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

/** Of each node's part of an attempt one: the result of an attempt on several nodes repeats what rank 0 has left. */
function ownResultsOf({ attempts }: JobDocument): AttemptResult[] {
  return attempts
    .flatMap(({ result, ranks }) => ranks?.map((rank) => rank.result) ?? [result])
    .filter((result) => result !== null);
}

/** What nobody told counts as nothing. */
function sumOf(sizes: readonly (number | undefined)[]): number {
  return sizes.reduce<number>((sum, size = 0) => sum + size, 0);
}
