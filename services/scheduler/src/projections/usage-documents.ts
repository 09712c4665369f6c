// The read models of the idle-gap ledger: what the log says of each job's and each node's use of devices, joined when it is read.
import type { JobEvent, NodeEvent } from '@baton/contracts';
import type { Projection, Revised } from '@baton/service-host';
import { microseconds } from '../domain/usage/interval.ts';
import { evolveJobUsage, isOver, type JobUsage } from '../domain/usage/job-usage.ts';
import { evolveNodeUsage, type NodeUsage } from '../domain/usage/node-usage.ts';

export interface JobUsageDocument extends JobUsage, Revised {
  /** It queues, or what it had is not all reported: it belongs to every window that ends after its submission. */
  readonly open: boolean;
  /** The newest time that it knows of, in microseconds. */
  readonly lastAt: number;
}

export const jobUsageProjection: Projection<JobUsageDocument> = {
  name: 'job-usage',
  version: 3,
  indexes: [['open', 'lastAt']],
  stream: 'JOBS',
  aggregates: ['job'],
  apply(document, commit) {
    const time = { jobId: commit.ref.id, position: commit.position, atMs: commit.at };
    let usage: JobUsage | null = document;
    for (const event of commit.events as JobEvent[]) usage = evolveJobUsage(usage, event, time);
    if (usage === null) return null;
    const open = usage.queued.some(({ to }) => to === null) || !usage.attempts.every(isOver);
    const told = usage.attempts.flatMap(({ startedAt, freedAt }) => [startedAt ?? 0, freedAt ?? 0]);
    const lastAt = Math.max(microseconds(commit.at), document?.lastAt ?? 0, ...told);
    return { ...usage, id: commit.ref.id, revision: commit.revision, open, lastAt };
  },
};

export interface NodeUsageDocument extends NodeUsage, Revised {}

export const nodeUsageProjection: Projection<NodeUsageDocument> = {
  name: 'node-usage',
  version: 2,
  indexes: [['name']],
  stream: 'EVENTS',
  aggregates: ['node'],
  apply(document, commit) {
    let usage: NodeUsage | null = document;
    const time = { nodeId: commit.ref.id, atMs: commit.at };
    for (const event of commit.events as NodeEvent[]) usage = evolveNodeUsage(usage, event, time);
    return usage && { ...usage, id: commit.ref.id, revision: commit.revision };
  },
};
