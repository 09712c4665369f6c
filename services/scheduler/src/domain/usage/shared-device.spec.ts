// The time of a device that jobs share: every microsecond is one job's, or nobody's, and each pays for its part.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aDescription } from '../../testing/job-builders.ts';
import { UsageHistory } from '../../testing/usage-events.ts';
import { coalesced } from './coalesce.ts';
import { type Interval, lengthOf } from './interval.ts';
import { addCosts, type Cost, totalsOf } from './tally.ts';
import { timelines } from './timeline.ts';

const window = fc
  .uniqueArray(fc.integer({ min: 0, max: 60_000_000 }), { minLength: 3, maxLength: 3 })
  .map((points) => points.toSorted((one, other) => one - other) as [number, number, number]);
const cuts = fc.uniqueArray(fc.integer({ min: 0, max: 19 }), { minLength: 1 });
const sum = (values: readonly number[]) => values.reduce((total, each) => total + each, 0);

function intervalsOf(history: UsageHistory, to: number): readonly Interval[] {
  return timelines(history.usage(60_000), { from: 0, to: to * 1_000 })[0]?.intervals ?? [];
}

const shown = (intervals: readonly Interval[]) =>
  intervals.map(({ category, of, reason, from, to, lanes }) => {
    const what = [category, of?.jobId, reason].filter((part) => part !== null && part !== undefined).join(':');
    return `${what} ${from / 1_000}-${to / 1_000}${lanes ? ` ${lanes.end - lanes.first}/20` : ''}`;
  });

/** One device, of which up to four jobs may have parts. */
function withNode(): UsageHistory {
  const history = new UsageHistory();
  history.node('nod_a', 0, 'NodeRegistered', aDescription('box', { gpu: 1 }));
  history.node('nod_a', 5, 'NodeSharingChanged', { jobsPerDevice: 4, by: 'usr_a' });
  return history;
}

function running(history: UsageHistory, job: string, at: number, gpus: number): void {
  history.submitted(job, at, gpus);
  history.job(job, at, 'JobAssigned', { attempt: 1, nodeId: 'nod_a', devices: ['gpu-0'] });
  history.job(job, at, 'AttemptStarting', { attempt: 1 });
  history.job(job, at, 'AttemptStarted', { attempt: 1, startedAt: at });
}

describe('parts of a stretch of time', () => {
  it('sum to all of it, wherever it is cut, in time or among those who share it', () => {
    fc.assert(
      fc.property(cuts, window, (drawn, [from, middle, to]) => {
        const bounds = [0, ...drawn.filter((cut) => cut > 0).toSorted((a, b) => a - b), 20];
        const lanes = bounds.slice(1).map((end, index) => ({ first: bounds[index] ?? 0, end }));
        const parts = lanes.map((own) => lengthOf({ from, to, lanes: own }));
        expect(sum(parts)).toBe(to - from);
        expect(parts.every((part) => part >= 0)).toBe(true);
        const [before, after] = [
          { from, to: middle },
          { from: middle, to },
        ];
        expect(lanes.map((own) => lengthOf({ ...before, lanes: own }) + lengthOf({ ...after, lanes: own }))).toEqual(
          parts,
        );
      }),
    );
  });
});

describe('a device that jobs share', () => {
  it('is running for each of them as far as its part goes; the rest is as idle as a device', () => {
    const history = withNode();
    running(history, 'job_1', 10, 0.5);
    running(history, 'job_2', 20, 0.5);
    history.submitted('job_3', 30, 0.25);
    history.job('job_1', 60, 'AttemptReleased', { attempt: 1, at: 60 });
    history.job('job_2', 80, 'AttemptReleased', { attempt: 1, at: 80 });
    const intervals = intervalsOf(history, 100);
    expect(shown(intervals)).toEqual([
      'idle-empty 0-10',
      'running:job_1 10-60 10/20',
      'idle-empty 10-20 10/20',
      'running:job_2 20-60 10/20',
      'running:job_2 60-80 10/20',
      'idle-queued:scheduling 60-80 10/20',
      'idle-queued:scheduling 80-100',
    ]);
    const costs = new Map<string, Cost>();
    addCosts(costs, intervals);
    expect(Object.fromEntries(costs)).toEqual({
      job_1: { heldUs: 25_000, runningUs: 25_000 },
      job_2: { heldUs: 30_000, runningUs: 30_000 },
    });
    expect(sum(Object.values(totalsOf(intervals)))).toBe(100_000);
  });

  it('says why a part of it is idle: a whole job waits for all of it, and one with a part for room', () => {
    const history = withNode();
    running(history, 'job_1', 10, 0.5);
    history.submitted('job_2', 20, 0.75);
    history.job('job_2', 40, 'CancelRequested', { by: 'usr_a', reason: '' });
    history.job('job_2', 40, 'JobCancelled', {});
    history.submitted('job_3', 50, 1);
    expect(shown(intervalsOf(history, 60)).filter((text) => !text.startsWith('running'))).toEqual([
      'idle-empty 0-10',
      'idle-empty 10-20 10/20',
      'idle-queued:devices-busy 20-40 10/20',
      'idle-empty 40-50 10/20',
      'idle-queued:devices-busy 50-60 10/20',
    ]);
  });

  it('is out of service or unreachable for nobody who is known to run on it', () => {
    const history = withNode();
    running(history, 'job_1', 10, 0.25);
    history.node('nod_a', 40, 'NodeCordoned', { reason: 'a new fan', by: 'usr_a' });
    expect(shown(intervalsOf(history, 50)).slice(-3)).toEqual([
      'running:job_1 10-50 5/20',
      'idle-empty 10-40 15/20',
      'out-of-service:cordoned: a new fan 40-50 15/20',
    ]);
  });

  it('is shown in a picture as what took most of it', () => {
    const history = withNode();
    running(history, 'job_1', 0, 0.75);
    for (let at = 0; at < 100; at += 5) {
      const job = `job_${at + 10}`;
      running(history, job, at, 0.25);
      history.job(job, at + 5, 'AttemptReleased', { attempt: 1, at: at + 5 });
    }
    const found = coalesced(intervalsOf(history, 100), { from: 0, to: 100_000 }, 10);
    expect(shown(found)).toEqual(['running:job_1 0-100']);
  });
});
