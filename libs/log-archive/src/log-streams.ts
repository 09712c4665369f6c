// The two streams that are the log. Jobs first: what a job names was in the other stream before it.
import { EVENTS_STREAM, JOBS_STREAM } from '@baton/contracts';

export const LOG_STREAMS = [JOBS_STREAM, EVENTS_STREAM] as const;
export type LogStream = (typeof LOG_STREAMS)[number];

export function isLogStream(name: unknown): name is LogStream {
  return (LOG_STREAMS as readonly unknown[]).includes(name);
}
