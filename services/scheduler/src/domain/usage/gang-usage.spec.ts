// What a job on several nodes makes of the devices of each of them.
import { beforeEach, describe, expect, it } from 'vitest';
import { aDescription, aSpec } from '../../testing/job-builders.ts';
import { aResult, UsageHistory } from '../../testing/usage-events.ts';
import { timelines } from './timeline.ts';

const JOB = 'job_1';
let history: UsageHistory;

/** `running:job_1 0-5` in milliseconds. */
function shown(nodeId: string, device = 'gpu-0'): string[] {
  const cut = timelines(history.usage(100), { from: 0, to: 100_000 });
  const found = cut.find((one) => one.nodeId === nodeId && one.device.id === device);
  return (found?.intervals ?? []).map(({ category, of, reason, from, to }) => {
    const what = [category, of?.jobId, reason].filter((part) => part !== null && part !== undefined).join(':');
    return `${what} ${from / 1_000}-${to / 1_000}`;
  });
}

beforeEach(() => {
  history = new UsageHistory();
  for (const node of ['nod_a', 'nod_b']) history.node(node, 0, 'NodeRegistered', aDescription(node, { gpu: 1 }));
  const spec = aSpec({ resources: { gpus: 1, cpus: 0, memoryBytes: 0 }, nodes: 2 });
  history.job(JOB, 10, 'JobSubmitted', { spec, ownerId: 'usr_a', groupId: null, visibility: 'private' });
});

function assign(at: number): void {
  const ranks = ['nod_a', 'nod_b'].map((nodeId) => ({ nodeId, name: nodeId, address: nodeId, devices: ['gpu-0'] }));
  history.job(JOB, at, 'JobAssigned', { attempt: 1, nodeId: 'nod_a', devices: ['gpu-0'], ranks });
}

describe('the ranks of a job', () => {
  it('each have their own device: starting while they wait for each other, running, and stopping when one has failed', () => {
    assign(10);
    for (const rank of [0, 1]) history.job(JOB, 11, 'AttemptStarting', { attempt: 1, rank });
    history.job(JOB, 13, 'AttemptStaged', { attempt: 1, at: 12, rank: 0, port: 4_000 });
    history.job(JOB, 31, 'AttemptStaged', { attempt: 1, at: 30, rank: 1 });
    history.job(JOB, 31, 'GangPermitted', { attempt: 1, rendezvous: { host: 'nod_a', port: 4_000 } });
    history.job(JOB, 33, 'AttemptStarted', { attempt: 1, startedAt: 32, rank: 0 });
    history.job(JOB, 34, 'AttemptStarted', { attempt: 1, startedAt: 33, rank: 1 });
    history.job(JOB, 51, 'AttemptReleased', { attempt: 1, at: 50, rank: 1 });
    const failed = aResult({ startedAt: 33, endedAt: 50, exitCode: 3 });
    history.job(JOB, 52, 'RankEnded', { attempt: 1, rank: 1, result: failed });
    history.job(JOB, 52, 'RanksStopped', { attempt: 1, rank: 1, reason: '' });
    history.job(JOB, 61, 'AttemptReleased', { attempt: 1, at: 60, rank: 0 });
    const stopped = aResult({ startedAt: 32, endedAt: 60, reason: 'cancelled' });
    history.job(JOB, 62, 'RankEnded', { attempt: 1, rank: 0, result: stopped });
    history.job(JOB, 62, 'AttemptEnded', { attempt: 1, result: { ...failed, startedAt: 32, endedAt: 60 } });
    history.job(JOB, 62, 'JobFailed', { message: '' });
    expect(shown('nod_a')).toEqual([
      'idle-empty 0-10',
      'starting:job_1 10-11',
      'staging:job_1 11-12',
      'starting:job_1 12-32',
      'running:job_1 32-52',
      'stopping:job_1 52-60',
      'idle-empty 60-100',
    ]);
    expect(shown('nod_b')).toEqual([
      'idle-empty 0-10',
      'starting:job_1 10-11',
      'staging:job_1 11-30',
      'starting:job_1 30-33',
      'running:job_1 33-50',
      'idle-empty 50-100',
    ]);
  });

  it('leave a device free where one never started, though the others did', () => {
    assign(10);
    history.job(JOB, 20, 'AttemptStarted', { attempt: 1, startedAt: 20, rank: 0 });
    const lost = aResult({ endedAt: 40, reason: 'lost', exitCode: null });
    history.job(JOB, 40, 'RankEnded', { attempt: 1, rank: 1, result: lost });
    history.job(JOB, 50, 'RankEnded', { attempt: 1, rank: 0, result: aResult({ startedAt: 20, endedAt: 50 }) });
    history.job(JOB, 50, 'AttemptEnded', { attempt: 1, result: { ...lost, startedAt: 20, endedAt: 50 } });
    history.job(JOB, 50, 'JobFailed', { message: '' });
    expect(shown('nod_a').slice(2)).toEqual(['running:job_1 20-50', 'idle-empty 50-100']);
    expect(shown('nod_b').slice(1)).toEqual(['starting:job_1 10-40', 'idle-empty 40-100']);
  });

  it('say of a device that is free for one of them what keeps the others', () => {
    const busy = aSpec({ resources: { gpus: 1, cpus: 0, memoryBytes: 0 }, nodeId: 'nod_b' });
    history.job('job_0', 2, 'JobSubmitted', { spec: busy, ownerId: 'usr_a', groupId: null, visibility: 'private' });
    history.job('job_0', 2, 'JobAssigned', { attempt: 1, nodeId: 'nod_b', devices: ['gpu-0'] });
    history.job('job_0', 3, 'AttemptStarted', { attempt: 1, startedAt: 3 });
    expect(shown('nod_a')).toEqual(['idle-empty 0-10', 'idle-queued:devices-busy 10-100']);
  });
});
