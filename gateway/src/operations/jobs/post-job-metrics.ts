// POST /jobs/:id/metrics: points from inside the job, with its own token.
import { AttemptNumber, type JobView, MetricName, schedulerRpc, strict, Timestamp } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { Type } from 'typebox';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';

const MAX_POINTS = 1_000;
const MAX_NAMES = 100;

const Point = strict({
  step: Type.Optional(Type.Number()),
  values: Type.Record(MetricName, Type.Number(), {
    minProperties: 1,
    maxProperties: MAX_NAMES,
    additionalProperties: false,
  }),
  /** Now if absent. */
  at: Type.Optional(Timestamp),
});
const Body = strict({
  /** `BATON_ATTEMPT`. The token's if absent: what an earlier attempt has left running can't speak for the present one. */
  attempt: Type.Optional(AttemptNumber),
  points: Type.Array(Point, { minItems: 1, maxItems: MAX_POINTS }),
});

export const postJobMetrics = operation({
  method: 'POST',
  url: '/jobs/:id/metrics',
  summary: "Add points to a running job's metrics; with the job's own token alone",
  access: 'own-job',
  schema: { params: IdPath, body: Body, response: strict({ accepted: Type.Integer() }) },
  handler: async ({ call, params, body, gateway, meta, principal }) => {
    gateway.metricRate.take(params.id);
    const job = await call(schedulerRpc.getJob, params);
    const attempt = runningAttempt(job, [body.attempt, principal.attempt]);
    const now = Date.now();
    const points = body.points.map(({ at = now, ...point }) => ({ at, ...point }));
    await gateway.metricWriter.publish({ jobId: job.id, attempt, points, repeatKey: meta.idempotencyKey });
    return { accepted: points.length };
  },
});

function runningAttempt(job: JobView, named: readonly (number | undefined)[]): number {
  const newest = job.attempts.at(-1);
  const isRunning =
    newest?.endedAt === null && (job.state === 'running' || job.state === 'starting' || job.state === 'stopping');
  const other = named.find((attempt) => attempt !== undefined && attempt !== newest?.attempt);
  if (newest && isRunning && other === undefined) return newest.attempt;
  const what = other === undefined ? 'The job has no attempt that runs' : `Attempt ${other} of the job does not run`;
  throw new PlatformError('conflict', `${what}; points are taken while it does.`);
}
