// What a job leaves behind: artifacts and checkpoints have the same operations; here is where they differ.
import { AttemptNumber, type AttemptView, type JobView, type ManifestSummary, strict } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { Type } from 'typebox';

export interface JobFiles {
  readonly noun: 'artifacts' | 'checkpoints';
  /** Where the job has put them. */
  readonly variable: string;
  /** When there are some. */
  readonly come: string;
  readonly of: (attempt: AttemptView) => Stored | null;
}

export interface Stored {
  readonly manifest: ManifestSummary;
  /** When they were stored. */
  readonly at: number;
}

export const artifacts: JobFiles = {
  noun: 'artifacts',
  variable: 'BATON_OUTPUT_DIR',
  come: 'They come when an attempt has ended.',
  of: ({ result }) => (result?.artifacts ? { manifest: result.artifacts, at: result.endedAt } : null),
};

export const checkpoints: JobFiles = {
  noun: 'checkpoints',
  variable: 'BATON_CHECKPOINT_DIR',
  come: 'They come every few minutes while it runs, and when an attempt has ended without success.',
  of: ({ checkpoints: stored }) => {
    if (!stored) return null;
    const { at, ...manifest } = stored;
    return { manifest, at };
  },
};

export const AttemptQuery = strict({ attempt: Type.Optional(AttemptNumber) });

/** Those of the attempt asked for, or of the newest that has any. */
export function filesOf(
  { noun, come, of }: JobFiles,
  job: JobView,
  asked: number | undefined,
): Stored & { readonly attempt: number } {
  const wanted = asked === undefined ? job.attempts : job.attempts.filter(({ attempt }) => attempt === asked);
  for (const attempt of wanted.toReversed()) {
    const stored = of(attempt);
    if (stored) return { attempt: attempt.attempt, ...stored };
  }
  const whose = asked === undefined ? '' : ` of attempt ${asked}`;
  throw new PlatformError('not_found', `The job ${job.name} has no ${noun}${whose} yet. ${come}`);
}
