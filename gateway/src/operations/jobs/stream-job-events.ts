// GET /jobs/:id/events/stream: each change of state as it is committed.
import { jobEnd, jobCommits } from '../../streams/job-watch.ts';
import { resumePoint, sendEvents, type ServerEvent } from '../../streams/server-sent-events.ts';
import type { JobEventView } from '@baton/contracts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';
import { readableJob, whileAllowed } from './readable-job.ts';

export const streamJobEvents = operation({
  method: 'GET',
  url: '/jobs/:id/events/stream',
  summary: 'Follow what happens to a job (`state` events, then `end`); resumes after Last-Event-ID',
  access: 'job-token-ok',
  schema: { params: IdPath },
  produces: 'text/event-stream',
  handler: async (call) => {
    const { position: after } = resumePoint(call.request);
    const { streams } = call.gateway;
    const { job, signal: connected } = await readableJob(call);
    const signal = whileAllowed(call, job.id, connected);
    const ended = jobEnd(streams, job, { signal });
    const commits = jobCommits(streams, { jobId: job.id, after, ended, signal });
    return sendEvents(call.reply, stateEvents(commits, signal));
  },
});

async function* stateEvents(commits: AsyncIterable<JobEventView>, signal: AbortSignal): AsyncGenerator<ServerEvent> {
  for await (const event of commits) yield { type: 'state', id: event.position, data: event };
  if (!signal.aborted) yield { type: 'end', data: {} };
}
