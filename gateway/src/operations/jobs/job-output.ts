// The output of one attempt of a job that the caller may read.
import { AttemptNumber, type AttemptView, type JobView } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { Type } from 'typebox';
import type { Gateway } from '../../gateway.ts';
import type { OutputPlace } from '../../streams/attempt-output.ts';

/** The newest attempt unless named. */
export const AttemptQuery = { attempt: Type.Optional(AttemptNumber) };
export const OneOutputQuery = { output: Type.Optional(Type.Union([Type.Literal('stdout'), Type.Literal('stderr')])) };

export function attemptOf(job: JobView, number: number | undefined): AttemptView | undefined {
  return number === undefined ? job.attempts.at(-1) : job.attempts.find(({ attempt }) => attempt === number);
}

/** `not_found` if there is no such attempt. */
export function outputPlace(
  { job, gateway, signal }: { readonly job: JobView; readonly gateway: Gateway; readonly signal: AbortSignal },
  number: number | undefined,
): OutputPlace {
  const attempt = attemptOf(job, number);
  if (attempt) return { streams: gateway.streams, blobs: gateway.blobs, jobId: job.id, attempt, signal };
  const what = number === undefined ? 'has not been started yet' : `has no attempt ${number}`;
  throw new PlatformError('not_found', `The job ${job.name} ${what}, and so no output.`);
}
