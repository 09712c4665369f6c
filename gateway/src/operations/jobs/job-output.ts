// The output of one attempt of a job that the caller may read.
import { AttemptNumber, type AttemptView, type JobView } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { Type } from 'typebox';
import type { Gateway } from '../../gateway.ts';
import type { OutputPlace } from '../../streams/attempt-output.ts';
import { rankOf } from '../../streams/attempt-subject.ts';

/** Of a job on several nodes: whose; the first one's unless named. */
export const RankQuery = { rank: Type.Optional(Type.Integer({ minimum: 0 })) };
/** The newest attempt unless named. */
export const AttemptQuery = { attempt: Type.Optional(AttemptNumber), ...RankQuery };
export const OneOutputQuery = { output: Type.Optional(Type.Union([Type.Literal('stdout'), Type.Literal('stderr')])) };

export function attemptOf(job: JobView, number: number | undefined): AttemptView | undefined {
  return number === undefined ? job.attempts.at(-1) : job.attempts.find(({ attempt }) => attempt === number);
}

/** `not_found` if there is no such attempt, or no such rank of it. */
export function outputPlace(
  { job, gateway, signal }: { readonly job: JobView; readonly gateway: Gateway; readonly signal: AbortSignal },
  { attempt: number, rank = 0 }: { readonly attempt?: number; readonly rank?: number },
): OutputPlace {
  const whole = attemptOf(job, number);
  const attempt = whole && rankOf(whole, rank);
  if (attempt) return { streams: gateway.streams, blobs: gateway.blobs, jobId: job.id, attempt, signal };
  const missing = number === undefined ? 'has not been started yet' : `has no attempt ${number}`;
  const what = whole ? `has no rank ${rank}` : missing;
  throw new PlatformError('not_found', `The job ${job.name} ${what}, and so no output.`);
}
