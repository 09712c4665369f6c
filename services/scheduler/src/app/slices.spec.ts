// Long work is done in turns between which others go first, and given up where it takes too long.
import { expect, it } from 'vitest';
import { Slices } from './slices.ts';

/** Each look at the clock takes a millisecond. */
function aClock() {
  let at = 0;
  const clock = { now: () => (at += 1), turns: 0, breathe: async () => void (clock.turns += 1) };
  return clock;
}

function* work(steps: number): Generator<undefined, string> {
  for (let step = 0; step < steps; step += 1) yield;
  return 'done';
}

it('lets others go first every few milliseconds', async () => {
  const clock = aClock();
  expect(await new Slices(clock).done(work(100))).toBe('done');
  expect(clock.turns).toBeGreaterThan(10);
});

it('gives up what takes too long, counting all that it has done', async () => {
  const slices = new Slices(aClock());
  expect(await slices.done(work(20), 100)).toBe('done');
  await expect(slices.done(work(1_000), 100)).rejects.toMatchObject({ code: 'unavailable' });
  await expect(slices.done(work(1), 100)).rejects.toMatchObject({ code: 'unavailable' });
});

it('goes on where the clock is set back meanwhile', async () => {
  let at = 1_000;
  const now = () => (at -= 3);
  expect(await new Slices({ now, breathe: async () => {} }).done(work(50))).toBe('done');
});
