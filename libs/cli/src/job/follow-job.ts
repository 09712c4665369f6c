// Follows a job until it is over: its output as it comes, its state, its metrics.
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobView } from '@baton/contracts';
import type { BatonClient, LogEvent, MetricEvent } from '@baton/sdk';
import { isOver } from './job-text.ts';

/** What the one who watches is shown. */
export interface Watcher {
  state(job: JobView): void;
  log(event: LogEvent): void;
  metrics(event: MetricEvent): void;
  /** Nothing comes any more. */
  end(): void;
}

const WAITING_MS = 1_000;

/** Gives the job as it ended, or null if the signal aborted before. */
export async function followJob(
  client: BatonClient,
  id: string,
  watcher: Watcher,
  signal: AbortSignal,
): Promise<JobView | null> {
  const over = new AbortController();
  const stop = AbortSignal.any([signal, over.signal]);
  const waiting = refreshWhileQueued({ client, id, watcher, signal: stop });
  try {
    await Promise.all([
      each(client.jobs.followEvents(id, { signal: stop }), () => showUnlessOver(client, id, watcher)),
      each(client.jobs.followLogs(id, { signal: stop }), (event) => watcher.log(event.data as LogEvent)),
      each(client.jobs.followMetrics(id, { signal: stop }), (event) => watcher.metrics(event.data as MetricEvent)),
    ]);
    if (signal.aborted) return null;
    const job = await untilOver(client, id, signal);
    if (job) watcher.state(job);
    return job;
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  } finally {
    over.abort();
    await waiting;
    watcher.end();
  }
}

/** The end is shown when the last of the output has been. */
async function showUnlessOver(client: BatonClient, id: string, watcher: Watcher): Promise<void> {
  const job = await client.jobs.get(id);
  if (!isOver(job)) watcher.state(job);
}

async function each<T>(events: AsyncIterable<T>, show: (event: T) => unknown): Promise<void> {
  for await (const event of events) await show(event);
}

/** Why it waits changes with other jobs, of which its own events say nothing. */
async function refreshWhileQueued({
  client,
  id,
  watcher,
  signal,
}: {
  client: BatonClient;
  id: string;
  watcher: Watcher;
  signal: AbortSignal;
}): Promise<void> {
  while (await pause(WAITING_MS, signal)) {
    // The streams say what is wrong; here the next round may fare better.
    const job = await client.jobs.get(id).catch(() => null);
    if (signal.aborted || (job && isOver(job))) return;
    if (job) watcher.state(job);
  }
}

/** The read model can be a moment behind the stream that has ended. */
export async function untilOver(client: BatonClient, id: string, signal: AbortSignal): Promise<JobView | null> {
  for (let pauseMs = 20; ; pauseMs = Math.min(1_000, pauseMs * 2)) {
    const job = await client.jobs.get(id);
    if (isOver(job)) return job;
    if (!(await pause(pauseMs, signal))) return null;
  }
}

/** False if the signal aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return sleep(ms, true, { signal }).catch(() => false);
}
