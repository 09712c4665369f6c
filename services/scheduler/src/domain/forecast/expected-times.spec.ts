// What is expected follows from the present played on: by the production engine, with learned run times.
import { describe, expect, it } from 'vitest';
import { LedgerWorld } from '../../testing/ledger-world.ts';
import { confidenceOf, expectedRange, FUTURES } from './expected-times.ts';
import { type Future, playOn } from './play-on.ts';
import { foretold, presentOf } from './present.ts';

const MINUTE = 60_000;

function done<R>(steps: Generator<undefined, R>): R {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

function futuresOf({ ledger }: LedgerWorld, at: number, most = 100): Future[] {
  const present = presentOf(ledger, at, most);
  const jobs = done(foretold(present, ledger.forecasts));
  return Array.from({ length: FUTURES }, (_, seed) => done(playOn(present, jobs, seed)));
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
    const futures = futuresOf(world, now);
    const [runs, one, two] = ['runs', 'one', 'two'].map((id) => expectedRange(id, futures));
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
    const futures = futuresOf(world, now, 2);
    expect(['huge', 'held', 'second'].map((id) => expectedRange(id, futures))).toEqual([null, null, null]);
    expect(expectedRange('first', futures)).not.toBeNull();
  });

  it('of a job that begins later is not before that', () => {
    const world = busyWorld(now);
    world.submit('later', now, { beginAt: now + 90 * MINUTE });
    expect(minutes(expectedRange('later', futuresOf(world, now))?.start.low, now)).toBe(90);
  });

  it('changes nothing of the present, and is the same each time', () => {
    const world = busyWorld(now);
    for (const id of ['one', 'two', 'three']) world.submit(id, now, { timeLimitMs: 60 * MINUTE });
    const before = world.ledger.engine.plan(now);
    const [once, again] = [futuresOf(world, now), futuresOf(world, now)];
    expect(again).toEqual(once);
    expect(world.ledger.engine.plan(now)).toEqual(before);
  });

  it('is stated with less confidence where few futures were played through', () => {
    expect(confidenceOf(FUTURES)).toBeCloseTo(0.8);
    expect(confidenceOf(5)).toBeCloseTo(4 / 6);
  });
});

describe('forecasts', () => {
  const now = 100 * MINUTE;

  it('are compared with what then happened', () => {
    const world = busyWorld(now);
    world.submit('waits', now);
    const range = expectedRange('waits', futuresOf(world, now));
    if (!range) throw new Error('nothing is expected');
    world.end('runs', now - 5 * MINUTE, now + 5 * MINUTE);
    world.start('waits', now + 5 * MINUTE, { forecast: { at: now, ...range } });
    world.end('waits', now + 5 * MINUTE, now + 16 * MINUTE);
    const { runTime, start, end } = world.ledger.forecasts.figures();
    expect(start).toMatchObject({ jobs: 1, coverage: 1 });
    expect(start.medianAbsoluteErrorMs).toBeLessThan(MINUTE);
    expect(end).toMatchObject({ jobs: 1 });
    // The first three had nothing to go by.
    expect(runTime.jobs).toBe(19);
    expect(runTime.coverage).toBeGreaterThan(0.9);
  });

  it('are not judged by ends that somebody brought about, nor learned from', () => {
    const world = busyWorld(now);
    const before = world.ledger.forecasts.save().learned;
    world.end('runs', now - 5 * MINUTE, now, { reason: 'lost', exitCode: null });
    expect(world.ledger.forecasts.save().learned).toEqual(before);
  });
});
