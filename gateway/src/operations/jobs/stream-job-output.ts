// GET /jobs/:id/logs/stream and /jobs/:id/metrics/stream: output as it is written, metrics as they come.
import { type JobView, strict } from '@baton/contracts';
import { type Static, type TSchema, Type } from 'typebox';
import { logEvents, type LogReading } from '../../streams/job-log.ts';
import { isSystemPoint, metricBatches } from '../../streams/job-metrics.ts';
import type { ResumePoint } from '../../streams/resume-point.ts';
import { resumePoint, sendEvents, type ServerEvent } from '../../streams/server-sent-events.ts';
import type { StreamReader } from '../../streams/stream-reader.ts';
import { missingText, terminalPiece } from '../../streams/terminal-text.ts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';
import { RankQuery } from './job-output.ts';
import { LogViewQuery } from './log-view.ts';
import { followingOf } from './readable-job.ts';
import { finalMetrics, refuseRemovedOutput } from './removed-output.ts';

interface Following<Q> {
  readonly streams: StreamReader;
  readonly reading: LogReading;
  readonly job: JobView;
  readonly from: ResumePoint;
  readonly query: Q;
}
interface Followed<Q extends TSchema> {
  readonly url: string;
  readonly summary: string;
  readonly query: Q;
  /** Before anything is sent. */
  readonly check?: (job: JobView) => void;
  readonly events: (following: Following<Static<Q>>) => AsyncIterable<ServerEvent>;
}

function followed<Q extends TSchema>({ url, summary, query, check, events }: Followed<Q>) {
  return operation({
    method: 'GET',
    url,
    summary: `${summary}, then \`end\`); resumes after Last-Event-ID`,
    access: 'job-token-ok',
    schema: { params: IdPath, query },
    produces: 'text/event-stream',
    handler: async (call) => {
      const from = resumePoint(call.request);
      const { job, ...reading } = await followingOf(call, (call.query as { rank?: number }).rank);
      check?.(job);
      const following = { streams: call.gateway.streams, job, reading, from, query: call.query };
      return sendEvents(call.reply, withEnd(events(following), reading.signal));
    },
  });
}

async function* withEnd(events: AsyncIterable<ServerEvent>, signal: AbortSignal): AsyncGenerator<ServerEvent> {
  yield* events;
  if (!signal.aborted) yield { type: 'end', data: {} };
}

export const streamJobLogs = followed({
  url: '/jobs/:id/logs/stream',
  summary: "Follow a job's output (`log` events",
  query: strict({ ...LogViewQuery, ...RankQuery }),
  check: refuseRemovedOutput,
  events: async function* ({ streams, reading, from, query }) {
    for await (const { id, missing, text, ...event } of logEvents(streams, reading, from)) {
      const shown = query.view === 'terminal' ? `${missingText(missing, event.output)}${terminalPiece(text)}` : text;
      yield { type: 'log', id, data: { ...event, ...(missing === 0 ? {} : { missing }), text: shown } };
    }
  },
});

export const streamJobMetrics = followed({
  url: '/jobs/:id/metrics/stream',
  summary: "Follow a job's metrics (`metric` events with `points`",
  query: strict({ system: Type.Optional(Type.Boolean()), ...RankQuery }),
  events: async function* ({ streams, job, reading, from, query: { system = false, rank } }) {
    if (job.removed?.metrics !== undefined) {
      if (!system) yield { type: 'metric', data: { points: finalMetrics(job, rank) } };
      return;
    }
    for await (const { id, points } of metricBatches(streams, reading, from)) {
      const wanted = points.filter((point) => isSystemPoint(point) === system);
      if (wanted.length > 0) yield { type: 'metric', id, data: { points: wanted } };
    }
  },
});
