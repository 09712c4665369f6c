// Commits for tests of the ledger: job and node events, folded into what it reads.
import type { AttemptResult, JobEvent, NodeEvent } from '@baton/contracts';
import type { Interval } from '../domain/usage/interval.ts';
import { evolveJobUsage, type JobUsage } from '../domain/usage/job-usage.ts';
import { evolveNodeUsage, type NodeUsage } from '../domain/usage/node-usage.ts';
import { aSpec } from './job-builders.ts';

export type JobEventOf<T extends JobEvent['type']> = Extract<JobEvent, { type: T }>;
export type NodeEventOf<T extends NodeEvent['type']> = Extract<NodeEvent, { type: T }>;

/** The log of both streams, as the ledger's read models keep it. */
export class UsageHistory {
  readonly jobs = new Map<string, JobUsage>();
  readonly nodes = new Map<string, NodeUsage>();
  #position = 0;

  job<T extends JobEvent['type']>(jobId: string, atMs: number, type: T, data: JobEventOf<T>['data']): void {
    const event = { type, v: 1, data } as JobEventOf<T>;
    const usage = evolveJobUsage(this.jobs.get(jobId) ?? null, event, { jobId, atMs, position: (this.#position += 1) });
    if (usage) this.jobs.set(jobId, usage);
  }

  node<T extends NodeEvent['type']>(nodeId: string, atMs: number, type: T, data: NodeEventOf<T>['data']): void {
    const event = { type, v: 1, data } as NodeEventOf<T>;
    const usage = evolveNodeUsage(this.nodes.get(nodeId) ?? null, event, { nodeId, atMs });
    if (usage) this.nodes.set(nodeId, usage);
  }

  submitted(jobId: string, atMs: number, devices = 1, earlyStart = false): void {
    const spec = aSpec({ resources: { gpus: devices, cpus: 0, memoryBytes: 0 }, earlyStart });
    this.job(jobId, atMs, 'JobSubmitted', { spec, ownerId: 'usr_a', groupId: null, visibility: 'private' });
  }

  usage(asOfMs: number) {
    return { nodes: [...this.nodes.values()], jobs: [...this.jobs.values()], asOf: asOfMs * 1_000 };
  }
}

export function aResult(change: Partial<AttemptResult> & Pick<AttemptResult, 'endedAt'>): AttemptResult {
  return {
    reason: 'exited',
    exitCode: 0,
    signal: null,
    message: '',
    lastLines: [],
    finalMetrics: {},
    artifacts: null,
    startedAt: null,
    ...change,
  };
}

/** For each twentieth of the device the stretches that are told of, where one goes on with the other as one. */
export function cover(intervals: readonly Interval[]): [number, number][][] {
  return Array.from({ length: 20 }, (_, lane) => {
    const own = intervals.filter(({ lanes }) => lanes === undefined || (lanes.first <= lane && lane < lanes.end));
    return own.reduce<[number, number][]>((found, { from, to }) => {
      const last = found.at(-1);
      if (last?.[1] === from) last[1] = to;
      else found.push([from, to]);
      return found;
    }, []);
  });
}
