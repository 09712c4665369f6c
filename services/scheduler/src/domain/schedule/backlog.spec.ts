// The measure of a long wait: what a newcomer would have had to wait in order of arrival.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aShape, aWaitingJob, HOUR_MS } from '../../testing/queue-builders.ts';
import { Backlog, NO_WORK } from './backlog.ts';
import type { WaitingJob } from './engine-model.ts';
import { allDevices } from './engine-shape.ts';
import { MEAN_RUN_RATIO } from './expected-time.ts';
import { QueueIndex } from './queue-index.ts';

const DEVICES = 4;

class Line {
  readonly queue = new QueueIndex();
  readonly backlog = new Backlog(24 * HOUR_MS);

  constructor() {
    this.backlog.countDevices('gpu', DEVICES);
  }

  arrive(job: WaitingJob, now: number): void {
    this.backlog.arrive(job.shape.deviceKind, this.queue.work(job.shape.deviceKind), now);
    this.queue.add(job);
  }

  start(job: WaitingJob, now: number): void {
    this.queue.remove(job.id);
    this.backlog.start(job, now);
  }
}

describe('the backlog', () => {
  it('is the work of all that waits and runs, shared by the devices', () => {
    const line = new Line();
    const [first, second, third] = [1, 2, 3].map((order) => aWaitingJob(order, { shape: aShape({ devices: 2 }) }));
    if (!first || !second || !third) return;
    line.arrive(first, 0);
    expect(line.backlog.longestMs('gpu')).toBe(0);
    line.start(first, 0);
    line.arrive(second, 0);
    const one = (2 * MEAN_RUN_RATIO * HOUR_MS) / DEVICES;
    expect(line.backlog.longestMs('gpu')).toBeCloseTo(one, -3);
    line.arrive(third, 0);
    expect(line.backlog.longestMs('gpu')).toBeCloseTo(2 * one, -3);
    expect(line.backlog.longestMs('cpu')).toBe(0);
  });

  it('keeps the longest as long as anybody waits, and begins anew after', () => {
    const line = new Line();
    const jobs = [1, 2, 3, 4].map((order) => aWaitingJob(order));
    for (const job of jobs) line.arrive(job, 0);
    const longest = line.backlog.longestMs('gpu');
    for (const job of jobs.slice(1)) line.queue.remove(job.id);
    line.arrive(aWaitingJob(5), HOUR_MS);
    expect(line.backlog.longestMs('gpu')).toBe(longest);
    for (const { id } of jobs) line.queue.remove(id);
    line.queue.remove('job-5');
    line.arrive(aWaitingJob(6), 2 * HOUR_MS);
    expect(line.backlog.longestMs('gpu')).toBe(0);
  });

  it('learns what part of their limits jobs run, beginning from what is assumed', () => {
    const { backlog } = new Line();
    backlog.learn(HOUR_MS, HOUR_MS);
    expect(backlog.runRatio).toBeCloseTo((50 * MEAN_RUN_RATIO + 1) / 51);
    for (let job = 0; job < 5_000; job += 1) backlog.learn(HOUR_MS, HOUR_MS / 10);
    expect(Math.abs(backlog.runRatio - 0.1)).toBeLessThan(0.01);
    backlog.learn(HOUR_MS, -5);
    expect(backlog.runRatio).toBeGreaterThan(0);
  });

  it('has nothing left of jobs that came and went, and equals the sum over those that wait', () => {
    const job = fc.record({
      order: fc.nat(20),
      limitMs: fc.option(fc.integer({ min: 1, max: 1e12 })),
      servedMs: fc.nat(1e9),
      shape: fc.record({ devices: fc.constantFrom(0.5, 1, 8), nodes: fc.integer({ min: 1, max: 3 }) }).map(aShape),
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(job, fc.boolean()), { maxLength: 60 }), (steps) => {
        const queue = new QueueIndex();
        for (const [{ order, ...change }, isRemoval] of steps) {
          if (isRemoval) queue.remove(`job-${order}`);
          else queue.add(aWaitingJob(order, change));
        }
        const left = [...queue.jobs()];
        const seconds = left.reduce((sum, { limitMs, servedMs, shape }) => {
          if (limitMs === null) return sum;
          return sum + Math.ceil((allDevices(shape) * Math.max(0, limitMs - servedMs)) / 1_000);
        }, 0);
        expect(queue.work('gpu')).toMatchObject({ jobs: left.length, deviceSeconds: seconds });
        for (const { id } of left) queue.remove(id);
        expect(queue.work('gpu')).toEqual(NO_WORK);
      }),
    );
  });
});
