// When a job is over: told by its own commits in the JOBS stream.
import { type Commit, isFinal, type JobEventView, type JobView, JOBS_STREAM, subjects } from '@baton/contracts';
import type { Reading, StreamMessage, StreamReader } from './stream-reader.ts';

const FINAL_EVENTS = new Set(['JobSucceeded', 'JobFailed', 'JobCancelled']);

export interface Watch {
  readonly signal: AbortSignal;
  readonly onCommit?: (commit: JobEventView) => void;
}

/** Resolves when the job has reached a final state; never, if the signal aborts before. */
export function jobEnd(streams: StreamReader, job: JobView, watch: Watch): Promise<void> {
  return isFinal(job.state) ? Promise.resolve() : untilFinalCommit(streams, job.id, watch);
}

async function untilFinalCommit(streams: StreamReader, jobId: string, { signal, onCommit }: Watch): Promise<void> {
  const never = new Promise<never>(() => {});
  for await (const event of jobCommits(streams, { jobId, after: 0, ended: never, signal })) {
    onCommit?.(event);
    if (isLast(event)) return;
  }
  await never;
}

export interface CommitReading {
  readonly jobId: string;
  readonly after: number;
  readonly ended: Promise<void>;
  readonly signal: AbortSignal;
}

export async function* jobCommits(
  streams: StreamReader,
  { jobId, ...rest }: CommitReading,
): AsyncGenerator<JobEventView> {
  const reading: Reading = { stream: JOBS_STREAM, subject: subjects.aggregate('job', jobId), ...rest };
  for await (const message of streams.read(reading)) yield viewOf(message);
}

function isLast(event: JobEventView): boolean {
  return event.events.some(({ type }) => FINAL_EVENTS.has(type));
}

function viewOf(message: StreamMessage): JobEventView {
  const commit = JSON.parse(Buffer.from(message.data).toString('utf8')) as Commit;
  return {
    position: message.position,
    revision: commit.revision,
    at: commit.at,
    actor: commit.actor,
    events: commit.events,
  };
}
