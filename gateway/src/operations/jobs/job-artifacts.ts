// Which artifacts a job has: those of the attempt asked for, or of the newest that has any.
import { AttemptNumber, type JobView, type ManifestSummary, strict } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { Type } from 'typebox';

export const ArtifactQuery = strict({ attempt: Type.Optional(AttemptNumber) });

export interface Artifacts {
  readonly attempt: number;
  readonly manifest: ManifestSummary;
}

export function artifactsOf(job: JobView, attempt: number | undefined): Artifacts {
  const wanted =
    attempt === undefined ? job.attempts : job.attempts.filter((candidate) => candidate.attempt === attempt);
  const found = wanted.findLast(({ result }) => result?.artifacts);
  if (found?.result?.artifacts) return { attempt: found.attempt, manifest: found.result.artifacts };
  const of = attempt === undefined ? '' : ` of attempt ${attempt}`;
  throw new PlatformError(
    'not_found',
    `The job ${job.name} has no artifacts${of} yet. They come when an attempt has ended.`,
  );
}
