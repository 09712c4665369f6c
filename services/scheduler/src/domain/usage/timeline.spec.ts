// The ledger's promise: whatever the log says, each device's time is cut without gap or overlap; and what each fact makes of it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aDescription } from '../../testing/job-builders.ts';
import { aResult, cover, UsageHistory } from '../../testing/usage-events.ts';
import { type Interval, lengthOf, type TimeWindow } from './interval.ts';
import { totalsOf } from './tally.ts';
import { timelines } from './timeline.ts';

const NODES = ['nod_a', 'nod_b'];
const JOBS = ['job_1', 'job_2', 'job_3', 'job_4'];
const DEVICES = ['gpu-0', 'gpu-1', 'gpu-2'];
const SPAN_MS = 60_000;

const JOB_ACTS = ['submit', 'assign', 'behind', 'taken-up', 'staged', 'started', 'took', 'released', 'ended'] as const;
const MORE_ACTS = ['revoked', 'cancel', 'requeue', 'over', 'gang', 'rank-ended', 'ranks-stopped'] as const;
const NODE_ACTS = [
  'register',
  'silent',
  'heard',
  'cordon',
  'uncordon',
  'fault',
  'shrink',
  'remove',
  'restart',
  'share',
] as const;

interface Step {
  readonly act: (typeof JOB_ACTS)[number] | (typeof MORE_ACTS)[number] | (typeof NODE_ACTS)[number];
  readonly job: string;
  readonly node: string;
  readonly other: string;
  readonly devices: string[];
  /** When it was told, and when it is said to have been: neither in order. */
  readonly at: number;
  readonly told: number;
}

const time = fc.integer({ min: 0, max: SPAN_MS });
const step: fc.Arbitrary<Step> = fc.record({
  act: fc.constantFrom(...JOB_ACTS, ...JOB_ACTS, ...MORE_ACTS, ...NODE_ACTS),
  job: fc.constantFrom(...JOBS),
  node: fc.constantFrom(...NODES),
  other: fc.constantFrom(...JOBS),
  devices: fc.subarray(DEVICES, { minLength: 1 }),
  at: time,
  told: time,
});

/** Any events at all, in any order and with any times: the log never looks like this, and still the sums must be right. */
function jumbled(steps: readonly Step[]): UsageHistory {
  const history = new UsageHistory();
  for (const node of NODES) history.node(node, 10, 'NodeRegistered', aDescription('box', { gpu: 2 }));
  for (const each of steps) {
    if ((NODE_ACTS as readonly string[]).includes(each.act)) nodeStep(history, each);
    else jobStep(history, each);
  }
  return history;
}

function nodeStep(history: UsageHistory, { act, node, at, told, devices }: Step): void {
  const tell = history.node.bind(history, node, at);
  const description = aDescription('box', { gpu: 3 });
  const faulty = description.devices.map((device) =>
    devices.includes(device.id) ? { ...device, fault: 'fell off the bus' } : device,
  );
  if (act === 'register') tell('NodeRegistered', description);
  if (act === 'silent') tell('NodeUnreachable', { lastSeenAt: told });
  if (act === 'heard') tell('NodeReachable', {});
  if (act === 'cordon') tell('NodeCordoned', { reason: 'a new fan', by: 'usr_a' });
  if (act === 'uncordon') tell('NodeUncordoned', { by: 'usr_a' });
  if (act === 'fault') tell('NodeChanged', { ...description, devices: faulty });
  if (act === 'shrink') tell('NodeChanged', aDescription('box', { gpu: 1 }));
  if (act === 'share') tell('NodeSharingChanged', { jobsPerDevice: 1 + (told % 4), by: 'usr_a' });
  if (act === 'remove') tell('NodeRemoved', { reason: 'sold', by: 'usr_a', forced: true });
  if (act === 'restart') tell('NodeWatchResumed', { unwatchedSince: told });
}

// eslint-disable-next-line eslint/complexity -- a table of what may happen
function jobStep(history: UsageHistory, { act, job, node, other, at, told, devices }: Step): void {
  const tell = history.job.bind(history, job, at);
  const attempt = history.jobs.get(job)?.attempts.length ?? 0;
  const predecessors = [{ jobId: other, attempt: history.jobs.get(other)?.attempts.length ?? 1 }];
  const behind = { count: 1 + (told % devices.length), pool: devices, predecessors };
  const asked = told % 3 === 0 ? ((told % 19) + 1) / 20 : devices.length;
  if (act === 'submit' && !history.jobs.has(job)) history.submitted(job, at, asked, told % 2 === 0);
  if (act === 'assign') tell('JobAssigned', { attempt: attempt + 1, nodeId: node, devices });
  const ranks = NODES.map((nodeId, rank) => ({ nodeId, name: 'box', address: 'box', devices: devices.slice(rank) }));
  // A fact of one rank, of all, or of one that is not there.
  const rank = [{}, { rank: 0 }, { rank: 1 }, { rank: 2 }][told % 4] ?? {};
  if (act === 'gang') tell('JobAssigned', { attempt: attempt + 1, nodeId: node, devices, ranks });
  if (act === 'rank-ended') tell('RankEnded', { attempt, rank: told % 2, result: aResult({ endedAt: told }) });
  if (act === 'ranks-stopped') tell('RanksStopped', { attempt, rank: told % 2, reason: '' });
  if (act === 'behind') tell('JobAssigned', { attempt: attempt + 1, nodeId: node, devices: [], behind });
  if (act === 'taken-up') tell('AttemptStarting', { attempt, ...rank });
  if (act === 'staged') tell('AttemptStaged', { attempt, at: told, ...rank });
  if (act === 'started') tell('AttemptStarted', { attempt, startedAt: told, devices, ...rank });
  if (act === 'took') tell('AttemptTaken', { attempt, at: told });
  if (act === 'released') tell('AttemptReleased', { attempt, at: told, ...rank });
  if (act === 'ended') tell('AttemptEnded', { attempt, result: aResult({ endedAt: told }) });
  if (act === 'revoked') tell('AttemptRevoked', { attempt });
  if (act === 'cancel') tell('CancelRequested', { by: 'usr_a', reason: '' });
  if (act === 'requeue') tell('JobRequeued', { cause: 'retry', notBefore: told });
  if (act === 'over') tell('JobSucceeded', {});
}

function intervalsOf(history: UsageHistory, window: TimeWindow): Map<string, readonly Interval[]> {
  const cut = timelines(history.usage(SPAN_MS), window);
  return new Map(cut.map(({ nodeId, device, intervals }) => [`${nodeId}/${device.id}`, intervals]));
}
const sum = (intervals: readonly Interval[]) =>
  Object.values(totalsOf(intervals)).reduce((total, each) => total + each, 0);

const window = fc
  .uniqueArray(fc.integer({ min: 0, max: SPAN_MS * 1_000 }), { minLength: 3, maxLength: 3 })
  .map((points) => points.toSorted((one, other) => one - other) as [number, number, number]);

describe('the timeline of every device, over any history', () => {
  it('has neither gap nor overlap, and its categories sum to the wall time, to the microsecond', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), window, (steps, [from, , to]) => {
        const history = jumbled(steps);
        for (const { device, intervals } of timelines(history.usage(SPAN_MS), { from, to })) {
          const begin = Math.max(from, device.joinedAt);
          expect(cover(intervals)).toEqual(Array.from({ length: 20 }, () => [[begin, to]]));
          for (const [index, interval] of intervals.entries()) {
            expect(Number.isSafeInteger(interval.from)).toBe(true);
            expect(interval.to).toBeGreaterThan(interval.from);
            expect(interval.from).toBeGreaterThanOrEqual(intervals[index - 1]?.from ?? begin);
            expect(lengthOf(interval)).toBeGreaterThanOrEqual(0);
          }
          expect(sum(intervals)).toBe(to - begin);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('gives a window the same sums as its parts', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), window, (steps, [from, middle, to]) => {
        const history = jumbled(steps);
        const [first, second] = [
          intervalsOf(history, { from, to: middle }),
          intervalsOf(history, { from: middle, to }),
        ];
        for (const [device, intervals] of intervalsOf(history, { from, to })) {
          const parts = [...(first.get(device) ?? []), ...(second.get(device) ?? [])];
          expect(totalsOf(parts)).toEqual(totalsOf(intervals));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('is final from its begin up to one instant', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        for (const [, intervals] of intervalsOf(jumbled(steps), { from: 0, to: SPAN_MS * 1_000 })) {
          const ends = (isFinal: boolean) => intervals.filter(({ final }) => final === isFinal).map(({ to }) => to);
          expect(Math.max(0, ...ends(true))).toBeLessThanOrEqual(Math.min(Infinity, ...ends(false)));
        }
      }),
      { numRuns: 100 },
    );
  });
});

/** `running:job_1 0-5` in milliseconds. */
function shown(history: UsageHistory, device = 'gpu-0', to = 100): string[] {
  const all = intervalsOf(history, { from: 0, to: to * 1_000 }).get(`nod_a/${device}`) ?? [];
  return all.map(({ category, of, reason, from, to: end }) => {
    const what = [category, of?.jobId, reason].filter((part) => part !== null && part !== undefined).join(':');
    return `${what} ${from / 1_000}-${end / 1_000}`;
  });
}

function withNode(devices = 1): UsageHistory {
  const history = new UsageHistory();
  history.node('nod_a', 0, 'NodeRegistered', aDescription('box', { gpu: devices }));
  return history;
}

/** Submitted and assigned at `at`, taken up and started a millisecond later. */
function running(history: UsageHistory, job: string, at: number, devices = ['gpu-0']): void {
  history.submitted(job, at, devices.length);
  history.job(job, at, 'JobAssigned', { attempt: 1, nodeId: 'nod_a', devices });
  history.job(job, at + 1, 'AttemptStarting', { attempt: 1 });
  history.job(job, at + 2, 'AttemptStarted', { attempt: 1, startedAt: at + 2 });
}

describe('what is known of a device', () => {
  it('begins when its node has joined, idle with nothing queued', () => {
    expect(shown(withNode())).toEqual(['idle-empty 0-100']);
  });

  it('is starting until the agent has it, staging until it runs, and the job runs until the agent says it is gone', () => {
    const history = withNode();
    running(history, 'job_1', 10);
    history.job('job_1', 33, 'AttemptReleased', { attempt: 1, at: 30 });
    history.job('job_1', 40, 'AttemptEnded', { attempt: 1, result: aResult({ endedAt: 30, startedAt: 12 }) });
    const expected = ['idle-empty 0-10', 'starting:job_1 10-11', 'staging:job_1 11-12', 'running:job_1 12-30'];
    expect(shown(history)).toEqual([...expected, 'idle-empty 30-100']);
  });

  it('shows the gap of a hand-off as the start of the staged job', () => {
    const history = withNode();
    running(history, 'job_1', 10);
    history.submitted('job_2', 15);
    const behind = { count: 1, pool: ['gpu-0'], predecessors: [{ jobId: 'job_1', attempt: 1 }] };
    history.job('job_2', 15, 'JobAssigned', { attempt: 1, nodeId: 'nod_a', devices: [], behind });
    history.job('job_2', 20, 'AttemptStaged', { attempt: 1, at: 19 });
    history.job('job_1', 33, 'AttemptReleased', { attempt: 1, at: 30 });
    history.job('job_2', 34, 'AttemptStarted', { attempt: 1, startedAt: 32, devices: ['gpu-0'] });
    expect(shown(history).slice(3)).toEqual(['running:job_1 12-30', 'starting:job_2 30-32', 'running:job_2 32-100']);
  });

  it('shows staging with nothing running, where the next job was not ready', () => {
    const history = withNode();
    running(history, 'job_1', 10);
    history.submitted('job_2', 15);
    const behind = { count: 1, pool: ['gpu-0'], predecessors: [{ jobId: 'job_1', attempt: 1 }] };
    history.job('job_2', 15, 'JobAssigned', { attempt: 1, nodeId: 'nod_a', devices: [], behind });
    history.job('job_1', 33, 'AttemptReleased', { attempt: 1, at: 30 });
    history.job('job_2', 50, 'AttemptStaged', { attempt: 1, at: 50 });
    expect(shown(history).slice(4)).toEqual(['staging:job_2 30-50', 'starting:job_2 50-100']);
  });

  it('keeps a free device for a job that waits for another one', () => {
    const history = withNode(2);
    running(history, 'job_1', 10, ['gpu-0']);
    running(history, 'job_2', 10, ['gpu-1']);
    history.submitted('job_3', 15, 2);
    const predecessors = ['job_1', 'job_2'].map((jobId) => ({ jobId, attempt: 1 }));
    const behind = { count: 2, pool: ['gpu-0', 'gpu-1'], predecessors };
    history.job('job_3', 15, 'JobAssigned', { attempt: 1, nodeId: 'nod_a', devices: [], behind });
    history.job('job_3', 20, 'AttemptStaged', { attempt: 1, at: 20 });
    history.job('job_1', 30, 'AttemptReleased', { attempt: 1, at: 30 });
    history.job('job_2', 60, 'AttemptReleased', { attempt: 1, at: 60 });
    history.job('job_3', 62, 'AttemptStarted', { attempt: 1, startedAt: 62, devices: ['gpu-0', 'gpu-1'] });
    expect(shown(history).slice(4)).toEqual([
      'idle-queued:job_3:staged-behind 30-60',
      'starting:job_3 60-62',
      'running:job_3 62-100',
    ]);
    expect(shown(history, 'gpu-1').slice(3)).toEqual([
      'running:job_2 12-60',
      'starting:job_3 60-62',
      'running:job_3 62-100',
    ]);
  });

  it('tells waiting for take() from running, and stopping from both', () => {
    const history = withNode();
    running(history, 'job_1', 10);
    history.submitted('job_2', 15, 1, true);
    const behind = { count: 1, pool: ['gpu-0'], predecessors: [{ jobId: 'job_1', attempt: 1 }] };
    history.job('job_2', 15, 'JobAssigned', { attempt: 1, nodeId: 'nod_a', devices: [], behind });
    history.job('job_2', 16, 'AttemptStaged', { attempt: 1, at: 16 });
    history.job('job_1', 30, 'AttemptReleased', { attempt: 1, at: 30 });
    history.job('job_2', 31, 'AttemptStarted', { attempt: 1, startedAt: 30, devices: ['gpu-0'] });
    expect(shown(history).slice(3)).toEqual(['running:job_1 12-30', 'waiting-for-take:job_2 30-100']);
    history.job('job_2', 42, 'AttemptTaken', { attempt: 1, at: 40 });
    history.job('job_2', 50, 'CancelRequested', { by: 'usr_a', reason: '' });
    history.job('job_2', 61, 'AttemptEnded', { attempt: 1, result: aResult({ endedAt: 58 }) });
    expect(shown(history).slice(4)).toEqual([
      'waiting-for-take:job_2 30-40',
      'running:job_2 40-50',
      'stopping:job_2 50-58',
      'idle-empty 58-100',
    ]);
  });

  it('is running through an outage and a silence; idle time in them is explained by them', () => {
    const history = withNode(2);
    running(history, 'job_1', 10);
    history.node('nod_a', 40, 'NodeWatchResumed', { unwatchedSince: 20 });
    history.node('nod_a', 60, 'NodeUnreachable', { lastSeenAt: 55 });
    history.node('nod_a', 70, 'NodeReachable', {});
    expect(shown(history).at(-1)).toBe('running:job_1 12-100');
    expect(shown(history, 'gpu-1')).toEqual([
      'idle-empty 0-20',
      'platform-down 20-40',
      'idle-empty 40-55',
      'unreachable 55-70',
      'idle-empty 70-100',
    ]);
  });

  it('is out of service with the reason while it is sick, cordoned or removed', () => {
    const history = withNode();
    const { devices, ...description } = aDescription('box', { gpu: 1 });
    const sick = devices.map((device) => ({ ...device, fault: 'ECC' }));
    history.node('nod_a', 10, 'NodeChanged', { ...description, devices: sick });
    history.node('nod_a', 20, 'NodeChanged', { ...description, devices });
    history.node('nod_a', 30, 'NodeCordoned', { reason: 'a new fan', by: 'usr_a' });
    history.node('nod_a', 40, 'NodeUncordoned', { by: 'usr_a' });
    history.node('nod_a', 50, 'NodeRemoved', { reason: '', by: 'usr_a', forced: false });
    expect(shown(history)).toEqual([
      'idle-empty 0-10',
      'out-of-service:ECC 10-20',
      'idle-empty 20-30',
      'out-of-service:cordoned: a new fan 30-40',
      'idle-empty 40-50',
      'out-of-service:the node was removed 50-100',
    ]);
  });

  it('says why nothing ran though something queued: the reason of the first that could have had it', () => {
    const history = withNode(2);
    running(history, 'job_1', 10);
    history.submitted('job_2', 20, 2);
    history.submitted('job_3', 25, 1);
    history.submitted('job_4', 26, 9);
    history.job('job_2', 60, 'CancelRequested', { by: 'usr_a', reason: '' });
    history.job('job_2', 60, 'JobCancelled', {});
    history.job('job_3', 61, 'JobAssigned', { attempt: 1, nodeId: 'nod_a', devices: ['gpu-1'] });
    history.job('job_3', 70, 'AttemptEnded', { attempt: 1, result: aResult({ endedAt: 70, reason: 'start-failed' }) });
    history.job('job_3', 70, 'JobRequeued', { cause: 'infrastructure', notBefore: 90 });
    expect(shown(history, 'gpu-1')).toEqual([
      'idle-empty 0-20',
      'idle-queued:devices-busy 20-60',
      'idle-queued:scheduling 60-61',
      'starting:job_3 61-70',
      'idle-queued:retry-backoff 70-90',
      'idle-queued:scheduling 90-100',
    ]);
  });
});
