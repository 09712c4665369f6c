// What a device idles for that only jobs could use which may not start yet.
import { describe, expect, it } from 'vitest';
import { aDescription, aSpec } from '../../testing/job-builders.ts';
import { aResult, UsageHistory } from '../../testing/usage-events.ts';
import { timelines } from './timeline.ts';

const owned = { ownerId: 'usr_a', groupId: null, visibility: 'private' } as const;

function shown(history: UsageHistory): string[] {
  const [device] = timelines(history.usage(100_000), { from: 0, to: 100_000 });
  return (device?.intervals ?? []).map(({ category, of, reason, from, to }) => {
    const what = [category, of?.jobId, reason].filter((part) => part !== null && part !== undefined).join(':');
    return `${what} ${from / 1_000}-${to / 1_000}`;
  });
}

describe('an idle device', () => {
  it('is idle with nothing queued while all that queues wants another model, or another node', () => {
    const history = new UsageHistory();
    history.node('nod_a', 0, 'NodeRegistered', { ...aDescription('box', { gpu: 1 }), labels: { room: 'a' } });
    const resources = { gpus: 1, cpus: 0, memoryBytes: 0 };
    const wishes = [
      { resources: { ...resources, gpuModel: 'A100' } },
      { resources: { ...resources, gpuMemoryBytes: 1 } },
      { resources, requires: { room: 'b' } },
    ];
    for (const [index, wish] of wishes.entries())
      history.job(`job_${index}`, 10, 'JobSubmitted', { spec: aSpec(wish), ...owned });
    expect(shown(history)).toEqual(['idle-empty 0-100']);
    history.job('job_9', 50, 'JobSubmitted', { spec: aSpec({ resources, requires: { room: 'a' } }), ...owned });
    expect(shown(history)).toEqual(['idle-empty 0-50', 'idle-queued:scheduling 50-100']);
  });

  it('that only jobs could use which may not start yet says what keeps the first of them', () => {
    const history = new UsageHistory();
    history.node('nod_a', 0, 'NodeRegistered', aDescription('box', { gpu: 1 }));
    const spec = { resources: { gpus: 1, cpus: 0, memoryBytes: 0 }, hold: true, beginAt: 40 };
    const after = [{ jobId: 'job_1', when: 'success' as const }];
    history.job('job_1', 10, 'JobSubmitted', { spec: aSpec(spec), ...owned });
    history.job('job_2', 15, 'JobSubmitted', { spec: aSpec({ ...spec, hold: false, beginAt: 0, after }), ...owned });
    history.job('job_1', 30, 'JobReleased', { by: 'usr_a' });
    history.job('job_1', 50, 'JobAssigned', { attempt: 1, nodeId: 'nod_a', devices: ['gpu-0'] });
    history.job('job_1', 60, 'AttemptEnded', { attempt: 1, result: aResult({ endedAt: 60 }) });
    history.job('job_1', 60, 'JobSucceeded', {});
    expect(shown(history)).toEqual([
      'idle-empty 0-10',
      'idle-queued:held 10-30',
      'idle-queued:begin-later 30-40',
      'idle-queued:scheduling 40-50',
      'starting:job_1 50-60',
      'idle-queued:scheduling 60-100',
    ]);
    history.job('job_3', 70, 'JobSubmitted', {
      spec: aSpec({ resources: { gpus: 9, cpus: 0, memoryBytes: 0 } }),
      ...owned,
    });
    history.job('job_2', 75, 'JobCancelled', {});
    const late = aSpec({ resources: spec.resources, after: [{ jobId: 'job_3', when: 'end' }] });
    history.job('job_4', 80, 'JobSubmitted', { spec: late, ...owned });
    expect(shown(history).slice(-2)).toEqual(['idle-empty 75-80', 'idle-queued:waiting-for-job 80-100']);
  });
});
