// A job that the caller may read, with what it takes to follow its output.
import { type JobEventView, type JobView, schedulerRpc } from '@baton/contracts';
import type { FastifyReply } from 'fastify';
import type { Static } from 'typebox';
import { credentialOf } from '../../auth/credentials.ts';
import type { Gateway } from '../../gateway.ts';
import { KnownAttempts } from '../../streams/attempt-subject.ts';
import type { LogReading } from '../../streams/job-log.ts';
import { jobEnd } from '../../streams/job-watch.ts';
import { clientSignal } from '../../streams/server-sent-events.ts';
import type { OperationCall } from '../operation.ts';
import type { IdPath } from '../path.ts';

type JobCall = Pick<
  OperationCall<Static<typeof IdPath>, unknown, unknown>,
  'call' | 'params' | 'gateway' | 'reply' | 'request'
>;

/**
 * Throws what the scheduler says if the caller may not read the job. `jobId` is its id even if the path has its name. Of a job on several
 * nodes, what that rank says.
 */
export async function readableJob(
  { call, params, gateway, reply }: JobCall,
  rank = 0,
): Promise<{ job: JobView; signal: AbortSignal; attempts: KnownAttempts }> {
  const job = await call(schedulerRpc.getJob, params);
  const attempts = new KnownAttempts(job, () => call(schedulerRpc.getJob, { id: job.id }), rank);
  return { job, attempts, signal: clientSignal(reply, gateway.signal) };
}

/** What is there now. */
export async function snapshotOf(call: JobCall, rank?: number): Promise<LogReading & { readonly job: JobView }> {
  const { job, attempts, signal } = await readableJob(call, rank);
  return { job, jobId: job.id, attempts, signal, ended: Promise.resolve() };
}

/** What is there and what comes, until the job is over, or the caller may not read it any more. */
export async function followingOf(call: JobCall, rank?: number): Promise<LogReading & { readonly job: JobView }> {
  const { job, attempts, signal } = await readableJob(call, rank);
  const allowed = whileAllowed(call, job.id, signal);
  const watch = { signal: allowed, onCommit: (commit: JobEventView) => attempts.saw(commit) };
  return { job, jobId: job.id, attempts, signal: allowed, ended: jobEnd(call.gateway.streams, job, watch) };
}

/** A stream can outlive its token: when credentials change, both are asked again. */
export function whileAllowed(
  { call, gateway, request, reply }: JobCall,
  jobId: string,
  signal: AbortSignal,
): AbortSignal {
  const refused = new AbortController();
  const check = async () => {
    const credential = credentialOf(request);
    if (credential) await gateway.authenticator.authenticate(credential.token, request.id);
    await call(schedulerRpc.getJob, { id: jobId });
  };
  gateway.authenticator.onChange(
    () => void check().catch((error: unknown) => endIfRefused(error, refused, { gateway, reply })),
    signal,
  );
  return AbortSignal.any([signal, refused.signal]);
}

/** A service that does not answer just now has refused nothing. */
function endIfRefused(
  error: unknown,
  refused: AbortController,
  { gateway, reply }: { gateway: Gateway; reply: FastifyReply },
): void {
  const { code } = error as { code?: unknown };
  if (code !== 'unauthenticated' && code !== 'not_found' && code !== 'forbidden') return;
  gateway.log.info({ requestId: reply.request.id, code }, 'a stream was ended: its reader may not read it any more');
  refused.abort();
}
