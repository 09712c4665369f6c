// A job's metrics from the METRICS stream: each point once, in order.
import { fits, METRICS_STREAM, MetricPoint, subjects } from '@baton/contracts';
import { Type, type Static } from 'typebox';
import { parseAttemptSubject } from './attempt-subject.ts';
import type { LogReading } from './job-log.ts';
import type { StreamReader } from './stream-reader.ts';

const Points = Type.Array(MetricPoint);

export const JobMetricPoint = Type.Object({ attempt: Type.Integer({ minimum: 1 }), ...MetricPoint.properties });
export type JobMetricPoint = Static<typeof JobMetricPoint>;

export interface MetricBatch {
  readonly position: number;
  readonly points: readonly JobMetricPoint[];
}

/** Batches after `after`; read from the start, so that a point sent twice is left out wherever a client resumes. */
export async function* metricBatches(
  streams: StreamReader,
  reading: LogReading,
  after: number,
): AsyncGenerator<MetricBatch> {
  const seen = new Map<number, number>();
  const { jobId, ended, signal, attempts } = reading;
  for await (const message of streams.read({
    stream: METRICS_STREAM,
    subject: subjects.metricsOfJob(jobId),
    after: 0,
    ended,
    signal,
  })) {
    const target = parseAttemptSubject(message.subject);
    if (!target || !(await attempts.has(target))) continue;
    const { attempt } = target;
    const last = seen.get(attempt) ?? -1;
    const points = parsePoints(message.data).filter(({ seq }) => seq > last);
    seen.set(attempt, points.at(-1)?.seq ?? last);
    if (points.length === 0 || message.position <= after) continue;
    yield { position: message.position, points: points.map((point) => ({ attempt, ...point })) };
  }
}

function parsePoints(data: Uint8Array): MetricPoint[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(data).toString('utf8'));
    return fits(Points, parsed) ? parsed : [];
  } catch {
    return [];
  }
}
