// What a job leaves behind: artifacts and checkpoints have the same operations; here is where they differ.
import { AttemptNumber, type AttemptView, type JobView, type ManifestSummary, strict } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { type Static, Type } from 'typebox';
import { rankOf } from '../../streams/attempt-subject.ts';
import { RankQuery } from './job-output.ts';

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

export const AttemptQuery = strict({ attempt: Type.Optional(AttemptNumber), ...RankQuery });

/** Those of the attempt asked for, or of the newest that has any. */
export function filesOf(
  { noun, come, of }: JobFiles,
  job: JobView,
  { attempt: asked, rank = 0 }: Static<typeof AttemptQuery>,
): Stored & { readonly attempt: number } {
  const wanted = asked === undefined ? job.attempts : job.attempts.filter(({ attempt }) => attempt === asked);
  for (const attempt of wanted.toReversed()) {
    const part = rankOf(attempt, rank);
    const stored = part && of(part);
    if (stored) return { attempt: attempt.attempt, ...stored };
  }
  const whose = `${rank === 0 ? '' : ` of rank ${rank}`}${asked === undefined ? '' : ` of attempt ${asked}`}`;
  throw new PlatformError('not_found', `The job ${job.name} has no ${noun}${whose} yet. ${come}`);
}
