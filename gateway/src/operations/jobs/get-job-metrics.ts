// GET /jobs/:id/metrics: all points so far, or as few as asked for.
import { Readable } from 'node:stream';
import { AttemptNumber, type JobView, strict, Timestamp } from '@baton/contracts';
import { type Static, Type } from 'typebox';
import { isSystemPoint, JobMetricPoint, metricBatches } from '../../streams/job-metrics.ts';
import { ThinMetrics } from '../../streams/thin-metrics.ts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';
import { RankQuery } from './job-output.ts';
import { snapshotOf } from './readable-job.ts';
import { finalMetrics } from './removed-output.ts';

const Query = strict({
  /** Of each series at most: the lowest and the highest of each stretch, and always the first and the last. All if absent. */
  points: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
  /** Of this series alone. */
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
  attempt: Type.Optional(AttemptNumber),
  /** What the agent has measured in place of what the job has told. */
  system: Type.Optional(Type.Boolean()),
  ...RankQuery,
});

interface MetricPoints {
  readonly points: readonly JobMetricPoint[];
}

export const getJobMetrics = operation({
  method: 'GET',
  url: '/jobs/:id/metrics',
  summary: "List a job's metrics, of all its attempts; long series thinned to `points` if that is given",
  access: 'job-token-ok',
  schema: {
    params: IdPath,
    query: Query,
    response: strict({
      items: Type.Array(JobMetricPoint),
      /** Since then there are only the values that each attempt ended with. */
      removedAt: Type.Optional(Timestamp),
    }),
  },
  handler: async (call) => {
    const { streams } = call.gateway;
    const { job, ...reading } = await snapshotOf(call, call.query.rank);
    if (job.removed?.metrics !== undefined) return summaryOf(job, job.removed.metrics, call.query);
    const points = selected(metricBatches(streams, reading), call.query);
    if (call.query.points !== undefined) return { items: await thinned(points, call.query.points) };
    // A long series is passed on as it is read.
    return call.reply.type('application/json; charset=utf-8').send(Readable.from(jsonOf(points)));
  },
});

async function summaryOf(job: JobView, removedAt: number, query: Static<typeof Query>) {
  const items: JobMetricPoint[] = [];
  for await (const point of selected([{ points: finalMetrics(job, query.rank) }], query)) items.push(point);
  return { items, removedAt };
}

async function* selected(
  batches: AsyncIterable<MetricPoints> | Iterable<MetricPoints>,
  { name, attempt, system = false }: Static<typeof Query>,
): AsyncGenerator<JobMetricPoint> {
  for await (const { points } of batches) {
    for (const point of points) {
      if (isSystemPoint(point) !== system || (attempt !== undefined && point.attempt !== attempt)) continue;
      if (name === undefined) yield point;
      else if (Object.hasOwn(point.values, name)) yield { ...point, values: { [name]: point.values[name] ?? 0 } };
    }
  }
}

async function thinned(points: AsyncIterable<JobMetricPoint>, maxPoints: number): Promise<JobMetricPoint[]> {
  const thin = new ThinMetrics(maxPoints);
  for await (const point of points) thin.add(point);
  return thin.points();
}

async function* jsonOf(points: AsyncIterable<JobMetricPoint>): AsyncGenerator<string> {
  let before = '{"items":[';
  for await (const point of points) {
    yield before + JSON.stringify(point);
    before = ',';
  }
  yield before === ',' ? ']}' : '{"items":[]}';
}
