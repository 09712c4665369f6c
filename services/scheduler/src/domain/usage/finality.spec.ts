// What the ledger calls final stays as it is, and in the end it says of every attempt what truly happened.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HandOffWorld } from '../../testing/hand-off-world.ts';
import type { Interval, TimeWindow } from './interval.ts';
import { timelines } from './timeline.ts';

interface Step {
  readonly act: 'submit' | 'cancel' | 'silence' | 'hear' | 'stop' | 'start' | 'wait';
  readonly needs: number;
  readonly prepareMs: number;
  readonly runsMs: number;
  readonly waitMs: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  act: fc.constantFrom(
    ...(['submit', 'submit', 'cancel', 'silence', 'hear', 'stop', 'start', 'wait', 'wait'] as const),
  ),
  needs: fc.integer({ min: 1, max: 2 }),
  prepareMs: fc.integer({ min: 0, max: 1_500 }),
  runsMs: fc.integer({ min: 1, max: 5_000 }),
  waitMs: fc.integer({ min: 0, max: 4_000 }),
});

function play(world: HandOffWorld, { act, needs, prepareMs, runsMs, waitMs }: Step): void {
  if (act === 'submit' && world.leads) world.submit(needs, { prepareMs, runsMs });
  if (act === 'cancel' && world.leads) world.cancel(needs);
  if (act === 'silence') world.silence();
  if (act === 'hear') world.hear();
  if (act === 'stop') world.stopScheduler();
  if (act === 'start') world.startScheduler();
  world.advance(waitMs);
}

function cut(world: HandOffWorld, window: TimeWindow): (readonly Interval[])[] {
  return timelines(world.history.usage(world.now), window).map(({ intervals }) => intervals);
}

interface Said {
  readonly device: number;
  readonly intervals: readonly Interval[];
}

/** What is called final of each device, asked up to now and up to a while ago. */
function finalNow(world: HandOffWorld): Said[] {
  const until = [world.now, world.now - 11_000].filter((ms) => ms > 0);
  return until.flatMap((ms) =>
    cut(world, { from: 0, to: ms * 1_000 }).map((all, device) => ({
      device,
      intervals: all.filter(({ final }) => final),
    })),
  );
}

describe('a node that hands its devices on, and reports late', () => {
  it('changes nothing that was final, and ends with what truly happened', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
        const world = new HandOffWorld();
        const said: Said[] = [];
        for (const each of steps) {
          play(world, each);
          if (world.leads) said.push(...finalNow(world));
        }
        world.finish();
        for (const { device, intervals } of said) {
          const until = intervals.at(-1)?.to ?? 0;
          expect(cut(world, { from: 0, to: until })[device] ?? []).toEqual(intervals);
        }
        const whole = { from: 0, to: world.now * 1_000 };
        const told = cut(world, whole).flat();
        expect(told.every(({ final, to }) => final || to === whole.to)).toBe(true);
        for (const { job, startedAt, endedAt, devices } of world.line) {
          const ran = told.filter(
            ({ of, category }) => of?.jobId === job && ['running', 'stopping'].includes(category),
          );
          const microseconds = ran.reduce((sum, { from, to }) => sum + to - from, 0);
          expect(microseconds).toBe(((endedAt ?? 0) - (startedAt ?? 0)) * 1_000 * devices.length);
        }
      }),
      { numRuns: 100 },
    );
  }, 20_000);
});
