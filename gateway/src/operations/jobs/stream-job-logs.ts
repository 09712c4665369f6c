// GET /jobs/:id/logs/stream: output as it is written.
import { logChunks, logEvents, type LogReading } from '../../streams/job-log.ts';
import { lastEventId, sendEvents, type ServerEvent } from '../../streams/server-sent-events.ts';
import type { StreamReader } from '../../streams/stream-reader.ts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';
import { followingOf } from './readable-job.ts';

export const streamJobLogs = operation({
  method: 'GET',
  url: '/jobs/:id/logs/stream',
  summary: "Follow a job's output (`log` events, then `end`); resumes after Last-Event-ID",
  access: 'job-token-ok',
  schema: { params: IdPath },
  produces: 'text/event-stream',
  handler: async (call) => {
    const after = lastEventId(call.request);
    return sendEvents(call.reply, events(call.gateway.streams, await followingOf(call), after));
  },
});

async function* events(streams: StreamReader, reading: LogReading, after: number): AsyncGenerator<ServerEvent> {
  for await (const { position, attempt, output, offset, at, text } of logEvents(logChunks(streams, reading), after)) {
    yield { type: 'log', id: position, data: { attempt, output, offset, at, text } };
  }
  if (!reading.signal.aborted) yield { type: 'end', data: {} };
}
