// The ideal and the lag behind it, on cases that one can reckon by hand.
import { describe, expect, it } from 'vitest';
import type { SimulatedJob } from '@baton/deploy/simulation';
import { idealShares } from './ideal-share.ts';
import { attained, jainsIndex, largestLag, servedShares } from './lag.ts';

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
