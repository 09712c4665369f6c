// A job's metrics from the METRICS stream: each point once, in order, whichever source it has.
import { fits, METRICS_STREAM, MetricPoint, REST_METRICS, subjects, SYSTEM_METRICS } from '@baton/contracts';
import { Type, type Static } from 'typebox';
import type { AttemptSubject, Writer } from './attempt-subject.ts';
import type { LogReading } from './job-log.ts';
import { type Mark, NOTHING_HELD, type ResumePoint, resumeId, START } from './resume-point.ts';
import type { StreamReader } from './stream-reader.ts';

const Points = Type.Array(MetricPoint);

export const JobMetricPoint = Type.Object({ attempt: Type.Integer({ minimum: 1 }), ...MetricPoint.properties });
export type JobMetricPoint = Static<typeof JobMetricPoint>;

export interface MetricBatch {
  readonly id: string;
  readonly points: readonly JobMetricPoint[];
}

/** A point that was sent twice has its number still: numbers grow within an attempt and a source. */
export async function* metricBatches(
  streams: StreamReader,
  reading: LogReading,
  from: ResumePoint = START,
): AsyncGenerator<MetricBatch> {
  const { jobId, attempts, ...rest } = reading;
  const after = from.marks === null ? 0 : from.position;
  const marks = new Map<string, Mark>(from.marks ?? []);
  for await (const message of streams.read({
    ...rest,
    stream: METRICS_STREAM,
    subject: subjects.metricsOfJob(jobId),
    after,
  })) {
    const writer = await attempts.writerOf(message, 'metrics');
    if (!writer) continue;
    const key = keyOf(writer);
    // Counted from one there, so that zero means none.
    const seen = marks.get(key)?.seen ?? 0;
    const end = numberOf(writer);
    const points = parsePoints(message.data).filter(({ seq }) => seq >= seen && seq < end);
    const last = points.at(-1);
    if (last === undefined) continue;
    marks.set(key, { seen: last.seq + 1, held: NOTHING_HELD });
    if (message.position <= from.position) continue;
    const { attempt } = writer;
    yield { id: resumeId(message.position, marks), points: points.map((point) => ({ attempt, ...point })) };
  }
}

/** The agent has said at the end how many there are. */
function numberOf({ nodeId, result }: Writer): number {
  return nodeId === REST_METRICS ? Number.POSITIVE_INFINITY : (result?.points ?? Number.POSITIVE_INFINITY);
}

function keyOf({ attempt, nodeId }: AttemptSubject): string {
  return `${attempt}${nodeId === REST_METRICS ? 'r' : 'a'}`;
}

export function parsePoints(data: Uint8Array): MetricPoint[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(data).toString('utf8'));
    return fits(Points, parsed) ? parsed : [];
  } catch {
    return [];
  }
}

/** What the agent has measured, rather than what the job has told. */
export function isSystemPoint({ values }: MetricPoint): boolean {
  return Object.keys(values).some((name) => name.startsWith(SYSTEM_METRICS));
}
