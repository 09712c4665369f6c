// GET /jobs/:id/metrics: all points so far.
import { strict } from '@baton/contracts';
import { Type } from 'typebox';
import { JobMetricPoint, metricBatches } from '../../streams/job-metrics.ts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';
import { snapshotOf } from './readable-job.ts';

export const getJobMetrics = operation({
  method: 'GET',
  url: '/jobs/:id/metrics',
  summary: "List a job's metrics, of all its attempts",
  access: 'job-token-ok',
  schema: { params: IdPath, response: strict({ items: Type.Array(JobMetricPoint) }) },
  handler: async (call) => {
    const reading = await snapshotOf(call);
    const items: JobMetricPoint[] = [];
    for await (const { points } of metricBatches(call.gateway.streams, reading, 0)) items.push(...points);
    return { items };
  },
});
