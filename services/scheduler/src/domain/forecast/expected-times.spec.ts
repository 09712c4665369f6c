// What is expected follows from the present played on: by the production engine, with learned run times.
import { describe, expect, it } from 'vitest';
import { LedgerWorld } from '../../testing/ledger-world.ts';
import { type ExpectedRange, FUTURES } from './expected-times.ts';
import { ForecastBook } from './forecast-book.ts';
import { parcels } from './parcels.ts';
import { type Played, Player, rangeAt } from './player.ts';
import { foretold, presentOf } from './present.ts';

const MINUTE = 60_000;

function done<R>(steps: Generator<undefined, R>): R {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

type Ranges = Pick<Played, 'futures' | 'figures'> & { readonly of: (id: string) => ExpectedRange | null };

/** As the thread of forecasts is told, and tells. */
function rangesOf({ ledger }: LedgerWorld, at: number, most = 100): Ranges {
  const present = presentOf(ledger, at, most);
  const jobs = done(foretold(present, ledger.forecasts));
  const player = new Player();
  for (const parcel of parcels(present, jobs, { seed: 1, mostMs: Infinity })) {
    const played = player.take(structuredClone(parcel), () => 0);
    if (!played) continue;
    const { futures, figures } = structuredClone(played);
    return {
      futures,
      figures,
      of: (id) =>
        rangeAt(
          { figures },
          jobs.findIndex(({ job }) => job.id === id),
        ),
    };
  }
  throw new Error('nothing was played');
}

/** Twenty runs of ten minutes each, then one that runs since `now` less five minutes. */
function busyWorld(now: number): LedgerWorld {
  const world = new LedgerWorld(1);
  for (let index = 0; index < 20; index += 1) world.ran(`old-${index}`, index * MINUTE, (index + 10) * MINUTE);
  world.submit('runs', now - 5 * MINUTE);
  world.start('runs', now - 5 * MINUTE);
  return world;
}

const minutes = (time: number | undefined, now: number) => Math.round(((time ?? Number.NaN) - now) / MINUTE);

describe('the expected start', () => {
  const now = 100 * MINUTE;

  it('of jobs in a queue is when those before them are likely to have ended', () => {
    const world = busyWorld(now);
    for (const id of ['one', 'two']) world.submit(id, now);
    const ranges = rangesOf(world, now);
    const [runs, one, two] = ['runs', 'one', 'two'].map((id) => ranges.of(id));
    expect(minutes(runs?.end.median, now)).toBe(5);
    expect(minutes(one?.start.median, now)).toBe(5);
    expect(minutes(two?.start.median, now)).toBe(15);
    expect(minutes(two?.end.median, now)).toBe(25);
    expect(one?.start.low).toBeLessThanOrEqual(now + 5 * MINUTE);
    expect(one?.start.high).toBeGreaterThanOrEqual(now + 5 * MINUTE);
  });

  it('is not there for what no node can hold, what is held, and what is behind too many', () => {
    const world = busyWorld(now);
    world.submit('huge', now, { resources: { gpus: 8, cpus: 0, memoryBytes: 0 } });
    world.submit('held', now, { hold: true });
    world.submit('first', now);
    world.submit('second', now);
    const ranges = rangesOf(world, now, 2);
    expect(['huge', 'held', 'second'].map((id) => ranges.of(id))).toEqual([null, null, null]);
    expect(ranges.of('first')).not.toBeNull();
  });

  it('of a job that begins later is not before that', () => {
    const world = busyWorld(now);
    world.submit('later', now, { beginAt: now + 90 * MINUTE });
    expect(minutes(rangesOf(world, now).of('later')?.start.low, now)).toBe(90);
  });

  it('changes nothing of the present, and is the same each time', () => {
    const world = busyWorld(now);
    for (const id of ['one', 'two', 'three']) world.submit(id, now, { timeLimitMs: 60 * MINUTE });
    const before = world.ledger.engine.plan(now);
    const [once, again] = [rangesOf(world, now), rangesOf(world, now)];
    expect(once.futures).toBe(FUTURES);
    expect(again.figures).toEqual(once.figures);
    expect(world.ledger.engine.plan(now)).toEqual(before);
  });
});

describe('forecasts', () => {
  const now = 100 * MINUTE;

  it('are compared with what then happened', () => {
    const world = busyWorld(now);
    world.submit('waits', now);
    const range = rangesOf(world, now).of('waits');
    if (!range) throw new Error('nothing is expected');
    world.end('runs', now - 5 * MINUTE, now + 5 * MINUTE);
    world.start('waits', now + 5 * MINUTE, { forecast: { at: now, ...range, reckoned: range } });
    world.end('waits', now + 5 * MINUTE, now + 16 * MINUTE);
    const { runTime, start, end } = world.ledger.forecasts.figures();
    expect(start).toMatchObject({ jobs: 1, ranges: 1, coverage: 1 });
    expect(start.medianAbsoluteErrorMs).toBeLessThan(MINUTE);
    expect(end).toMatchObject({ jobs: 1 });
    // The first three had nothing to go by.
    expect(runTime.jobs).toBe(19);
  });

  it('are stated without a word of how sure they are until twenty of them were judged, and then with', () => {
    const world = busyWorld(now);
    const { forecasts } = world.ledger;
    const reckoned = rangesOf(world, now).of('runs');
    if (!reckoned) throw new Error('nothing is expected');
    for (let index = 0; index < 20; index += 1) {
      expect(forecasts.state(now, reckoned)).toEqual({ range: reckoned, isSure: false });
      const [id, at] = [`late-${index}`, now + index * MINUTE];
      const shifted = (by: number) => ({ low: at + by, median: at + 2 * by, high: at + 3 * by });
      world.submit(id, at);
      // Each is later than was said.
      world.start(id, at + 20 * MINUTE, { forecast: { at, start: shifted(MINUTE), end: shifted(2 * MINUTE) } });
      world.end(id, at + 20 * MINUTE, at + 40 * MINUTE);
    }
    const { range, isSure } = forecasts.state(now, reckoned);
    expect(isSure).toBe(true);
    expect(range.end.high).toBeGreaterThan(reckoned.end.high);
    expect(range.end.low).toBeGreaterThanOrEqual(range.start.low);
    expect(forecasts.figures()).toMatchObject({ start: { jobs: 20, ranges: 0, coverage: null } });
    // A twenty-first run time has been told with how sure it is.
    world.ran('one-more', now, now + 10 * MINUTE);
    expect(forecasts.figures().runTime.ranges).toBeGreaterThan(0);
    expect(new ForecastBook(structuredClone(forecasts.save())).save()).toEqual(forecasts.save());
  });

  it('are not judged by ends that somebody brought about, nor learned from', () => {
    const world = busyWorld(now);
    const before = world.ledger.forecasts.save().learned;
    world.end('runs', now - 5 * MINUTE, now, { reason: 'lost', exitCode: null });
    expect(world.ledger.forecasts.save().learned).toEqual(before);
  });
});
