// The ideal and the lag behind it, on cases that one can reckon by hand.
import { describe, expect, it } from 'vitest';
import { alikeNodes, newEngine, POLICIES, type SimulatedJob, simulate } from '@baton/deploy/simulation';
import { idealShares } from './ideal-share.ts';
import { attained, jainsIndex, largestLag, servedShares } from './lag.ts';
import { jobsOf, LOADS } from './load.ts';

function job(userId: string, submittedAt: number, gpus: number, durationMs: number): SimulatedJob {
  const shape = { devices: gpus, nodes: 1 } as SimulatedJob['shape'];
  return { owner: { userId, groupId: null }, submittedAt, durationMs, shape } as SimulatedJob;
}

describe('the ideal share', () => {
  it('is the same for all who can use it', () => {
    expect(idealShares([job('a', 0, 4, 10), job('b', 0, 4, 10)], 4)).toEqual([
      { at: 0, userId: 'a', gpus: 2 },
      { at: 0, userId: 'b', gpus: 2 },
      { at: 20, userId: 'a', gpus: -2 },
      { at: 20, userId: 'b', gpus: -2 },
    ]);
  });

  it('leaves to the others what one can not use', () => {
    expect(idealShares([job('a', 0, 1, 10), job('b', 0, 4, 10), job('b', 0, 4, 10)], 4)).toEqual([
      { at: 0, userId: 'a', gpus: 1 },
      { at: 0, userId: 'b', gpus: 3 },
      { at: 10, userId: 'a', gpus: -1 },
      { at: 10, userId: 'b', gpus: 1 },
      { at: 22.5, userId: 'b', gpus: -4 },
    ]);
  });

  it('serves a job no faster than on all of its GPUs', () => {
    expect(idealShares([job('a', 0, 1, 10), job('a', 5, 1, 10)], 4)).toEqual([
      { at: 0, userId: 'a', gpus: 1 },
      { at: 5, userId: 'a', gpus: 1 },
      { at: 10, userId: 'a', gpus: -1 },
      { at: 15, userId: 'a', gpus: -1 },
    ]);
  });
});

describe('the lag', () => {
  const jobs = [job('a', 0, 4, 10), job('b', 0, 4, 10)] as const;
  const ideal = idealShares(jobs, 4);
  // One after the other.
  const served = servedShares(
    jobs.map((each, index) => ({
      job: each,
      firstStartedAt: index * 10,
      endedAt: index * 10 + 10,
      heldMs: 10,
      restarts: 0,
    })),
  );

  it('is the most that anybody lay behind', () => {
    expect(largestLag(ideal, served, 20)).toBe(20);
  });

  it('shows in what each attained', () => {
    expect(attained(ideal, served, 20)).toEqual([1, 1]);
    expect(attained(ideal, served, 10)).toEqual([2, 0]);
    expect([jainsIndex([1, 1]), jainsIndex([2, 0])]).toEqual([1, 0.5]);
  });
});

describe('the default policy', () => {
  it('gives as much to those whose jobs need two GPUs as to one with many more jobs of one', () => {
    const minuteMs = 60_000;
    const untilMs = 6 * 60 * minuteMs;
    const [first] = jobsOf(LOADS.tiny, 1);
    if (!first) throw new Error('a load without jobs');
    const jobs: SimulatedJob[] = [];
    const add = (userId: string, index: number, change: { devices: number; submittedAt: number }): void => {
      jobs.push({
        ...first,
        id: `${userId}-${index}`,
        owner: { userId, groupId: null },
        shape: { ...first.shape, devices: change.devices },
        submittedAt: change.submittedAt,
        durationMs: (20 + ((index * 7) % 31)) * minuteMs,
        limitMs: (40 + ((index * 11) % 97)) * minuteMs,
      });
    };
    for (let index = 0; index < 180; index += 1) add('narrow', index, { devices: 1, submittedAt: 0 });
    for (const user of [1, 2, 3])
      for (let at = 0; at < untilMs; at += 12 * minuteMs)
        add(`wide-${user}`, at / (12 * minuteMs), { devices: 2, submittedAt: at + user * minuteMs });
    const { outcomes } = simulate(jobs, newEngine(POLICIES.default.policy), {
      nodes: alikeNodes(2, 4),
      restartCostMs: 0,
    });
    expect(jainsIndex(attained(idealShares(jobs, 8), servedShares(outcomes), untilMs))).toBeGreaterThan(0.95);
  }, 60_000);
});
