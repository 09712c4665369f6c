// GET /jobs/:id/metrics/stream: metrics as they are read from the output.
import { metricBatches } from '../../streams/job-metrics.ts';
import type { LogReading } from '../../streams/job-log.ts';
import { lastEventId, sendEvents, type ServerEvent } from '../../streams/server-sent-events.ts';
import type { StreamReader } from '../../streams/stream-reader.ts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';
import { followingOf } from './readable-job.ts';

export const streamJobMetrics = operation({
  method: 'GET',
  url: '/jobs/:id/metrics/stream',
  summary: "Follow a job's metrics (`metric` events with `points`, then `end`); resumes after Last-Event-ID",
  access: 'job-token-ok',
  schema: { params: IdPath },
  produces: 'text/event-stream',
  handler: async (call) => {
    const after = lastEventId(call.request);
    return sendEvents(call.reply, events(call.gateway.streams, await followingOf(call), after));
  },
});

async function* events(streams: StreamReader, reading: LogReading, after: number): AsyncGenerator<ServerEvent> {
  for await (const { position, points } of metricBatches(streams, reading, after))
    yield { type: 'metric', id: position, data: { points } };
  if (!reading.signal.aborted) yield { type: 'end', data: {} };
}
