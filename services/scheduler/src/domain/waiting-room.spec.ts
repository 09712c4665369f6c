// What keeps queued jobs from being placed: holds, times, other jobs, and the limits of arrays.
import type { JobEvent, PinnedSpec } from '@baton/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aSpec } from '../testing/job-builders.ts';
import { type JobCommand, jobDecider } from './job.commands.ts';
import { JobLedger } from './ledger.ts';

const owned = { ownerId: 'usr_a', groupId: null, visibility: 'private' } as const;

interface Logged {
  readonly id: string;
  readonly events: readonly JobEvent[];
}

/** Decider and ledger, with the log of what came of it. */
class Play {
  readonly ledger = new JobLedger();
  readonly log: Logged[] = [];

  run(id: string, command: JobCommand): void {
    const state = this.ledger.active(id)?.state ?? { phase: 'none' as const };
    const events = jobDecider.decide(command, state);
    if (events.length === 0) return;
    this.log.push({ id, events });
    this.ledger.apply(id, events, { position: this.log.length, revision: 1, hash: '', at: 0 });
  }

  submit(
    id: string,
    change: Partial<PinnedSpec> = {},
    array?: { id: string; index: number; count: number; parallel?: number },
  ) {
    const place = array === undefined ? {} : { array };
    this.run(id, { type: 'Submit', spec: aSpec(change), owned, rerunOf: null, ...place });
  }

  assign(id: string): void {
    this.run(id, { type: 'Assign', nodeId: 'nod_a', devices: [id] });
  }

  end(id: string, exitCode = 0): void {
    const attempt = this.ledger.active(id)?.state.attempts ?? 0;
    const result = { reason: 'exited', exitCode, signal: null, message: '', lastLines: [], finalMetrics: {} } as const;
    const times = { artifacts: null, startedAt: null, endedAt: 0 };
    this.run(id, { type: 'RecordEnded', attempt, result: { ...result, ...times, lastLines: [] }, now: 0 });
  }

  /** As the leader does in each pass. */
  cancelDoomed(): void {
    for (let doomed = this.ledger.doomed(); doomed.length > 0; doomed = this.ledger.doomed())
      for (const { id, reason } of doomed) this.run(id, { type: 'Cancel', by: 'system', reason });
  }
}

const queue = (ledger: JobLedger) =>
  [...ledger.engine.waiting()].toSorted((one, other) => one.order - other.order).map(({ id }) => id);

function rebuilt(log: readonly Logged[], now = 0): JobLedger {
  const ledger = new JobLedger();
  ledger.load();
  for (const [index, { id, events }] of log.entries())
    ledger.apply(id, events, { position: index + 1, revision: 1, hash: '', at: 0 });
  ledger.loaded();
  ledger.release(now);
  return ledger;
}

describe('a job that may not start yet', () => {
  it('is not in the queue while it is held', () => {
    const play = new Play();
    play.submit('a', { hold: true });
    expect([queue(play.ledger), play.ledger.gate('a')]).toEqual([[], { code: 'held' }]);
    play.run('a', { type: 'Release', by: 'u' });
    expect([queue(play.ledger), play.ledger.gate('a')]).toEqual([['a'], null]);
    play.run('a', { type: 'Hold', by: 'u' });
    expect([queue(play.ledger), queue(rebuilt(play.log))]).toEqual([[], []]);
  });

  it('comes in at its time, also when it was held until then', () => {
    const play = new Play();
    play.submit('a', { beginAt: 5_000 });
    play.submit('b', { beginAt: 9_000, hold: true });
    expect(play.ledger.release(4_999)).toBe(5_000);
    expect(play.ledger.gate('a')).toEqual({ code: 'begin-later', until: 5_000 });
    expect(play.ledger.release(5_000)).toBe(null);
    play.run('b', { type: 'Release', by: 'u' });
    expect(play.ledger.release(6_000)).toBe(9_000);
    expect([queue(play.ledger), play.ledger.release(9_000), queue(play.ledger)]).toEqual([['a'], null, ['a', 'b']]);
  });

  it('keeps its place when its clock has gone back since its time came', () => {
    const play = new Play();
    play.submit('a', { beginAt: 5_000 });
    play.ledger.release(6_000);
    play.run('a', { type: 'ReserveStart', nodeIds: ['nod_a'], at: 1 });
    play.ledger.release(1_000);
    expect(queue(play.ledger)).toEqual(['a']);
  });
});

describe('a job after others', () => {
  const after = (when: 'success' | 'failure' | 'end', ...ids: string[]) => ({
    after: ids.map((jobId) => ({ jobId, when })),
  });

  it('waits until all of them have ended as it says', () => {
    const play = new Play();
    play.submit('a');
    play.submit('b');
    play.submit('c', after('success', 'a', 'b'));
    expect(play.ledger.gate('c')).toEqual({ code: 'waiting-for-job', jobs: ['a', 'b'], never: null });
    play.assign('a');
    play.end('a');
    expect(play.ledger.gate('c')).toMatchObject({ jobs: ['b'] });
    expect(rebuilt(play.log).gate('c')).toMatchObject({ jobs: ['b'] });
    play.assign('b');
    play.end('b');
    expect([queue(play.ledger), queue(rebuilt(play.log))]).toEqual([['c'], ['c']]);
  });

  it.each([
    ['success', 'succeeded', true],
    ['success', 'failed', false],
    ['success', 'cancelled', false],
    ['failure', 'succeeded', false],
    ['failure', 'failed', true],
    ['failure', 'cancelled', false],
    ['end', 'succeeded', true],
    ['end', 'failed', true],
    ['end', 'cancelled', true],
  ] as const)('that waits for %s of one that has %s: starts is %s', (when, outcome, starts) => {
    const judge = (play: Play, isOverBefore: boolean) => {
      if (!isOverBefore) play.submit('c', after(when, 'a'));
      if (outcome === 'cancelled') play.run('a', { type: 'Cancel', by: 'u', reason: '' });
      else {
        play.assign('a');
        play.end('a', outcome === 'failed' ? 1 : 0);
      }
      if (isOverBefore) play.submit('c', after(when, 'a'));
      const expected = starts ? [] : ['c'];
      expect(play.ledger.doomed().map(({ id }) => id)).toEqual(expected);
      expect(rebuilt(play.log).doomed()).toEqual(play.ledger.doomed());
      expect(queue(play.ledger)).toEqual(starts ? ['c'] : []);
    };
    for (const isOverBefore of [false, true]) {
      const play = new Play();
      play.submit('a');
      judge(play, isOverBefore);
    }
  });

  it('that can never start takes its own dependents with it, each with the name of the one it waited for', () => {
    const play = new Play();
    play.submit('a');
    play.submit('b', { ...after('success', 'a'), hold: true });
    play.submit('c', after('success', 'b'));
    play.submit('d', after('end', 'c'));
    play.assign('a');
    play.end('a', 1);
    expect(play.ledger.doomed()).toEqual([
      { id: 'b', reason: 'It waited for the success of job a, which has failed.' },
    ]);
    play.cancelDoomed();
    expect(['a', 'b', 'c'].map((id) => play.ledger.active(id))).toEqual([undefined, undefined, undefined]);
    expect(queue(play.ledger)).toEqual(['d']);
    expect(
      play.log.flatMap(({ events }) => events.map(({ type }) => type)).filter((type) => type === 'JobCancelled'),
    ).toHaveLength(2);
  });
});

describe('jobs with times, holds and predecessors of any kind', () => {
  const jobs = fc.array(
    fc.record({
      after: fc.array(fc.record({ back: fc.nat(4), when: fc.constantFrom('success', 'failure', 'end') }), {
        maxLength: 2,
      }),
      beginAt: fc.nat(100_000),
      hold: fc.boolean(),
    }),
    { minLength: 6, maxLength: 12 },
  );
  const acts = fc.array(
    fc.record({
      job: fc.nat(11),
      act: fc.constantFrom('assign', 'end', 'fail', 'cancel', 'hold', 'release', 'release'),
    }),
    { maxLength: 80 },
  );
  const outcomes = (log: readonly Logged[]) =>
    new Map(
      log.flatMap(({ id, events }) => events.map(({ type }) => [id, type] as const)).filter(([, type]) => type in WHEN),
    );
  const WHEN: Readonly<Record<string, readonly string[]>> = {
    JobSucceeded: ['success', 'end'],
    JobFailed: ['failure', 'end'],
    JobCancelled: ['end'],
  };

  it('are let in exactly when nothing keeps them, and a rebuilt ledger agrees (property)', () => {
    fc.assert(
      fc.property(jobs, acts, (specs, steps) => {
        const play = new Play();
        let now = 1;
        for (const [index, { after, beginAt, hold }] of specs.entries()) {
          const edges = after.map(({ back, when }) => ({ jobId: `job_${index - 1 - back}`, when }));
          play.submit(`job_${index}`, { after: edges.filter(({ jobId }) => play.ledger.has(jobId)), beginAt, hold });
        }
        for (const { job, act } of steps) {
          play.ledger.release((now += 5_000));
          perform(play, `job_${job}`, act);
          play.cancelDoomed();
        }
        play.ledger.release(now);
        const over = outcomes(play.log);
        for (const index of specs.keys()) {
          const state = play.ledger.active(`job_${index}`)?.state;
          if (state?.phase !== 'queued') continue;
          const after = state.spec.after ?? [];
          // What could never be satisfied was cancelled.
          expect(after.every(({ jobId, when }) => WHEN[over.get(jobId) ?? '']?.includes(when) ?? true)).toBe(true);
          const isFree = !state.isHeld && state.notBefore <= now && after.every(({ jobId }) => over.has(jobId));
          expect(queue(play.ledger).includes(`job_${index}`)).toBe(isFree);
        }
        expect(queue(rebuilt(play.log, now))).toEqual(queue(play.ledger));
      }),
    );
  });
});

function perform(play: Play, id: string, act: string): void {
  const state = play.ledger.active(id)?.state;
  if (state === undefined) return;
  if (act === 'release') play.run(id, { type: 'Release', by: 'u' });
  else if (state.phase === 'queued') performQueued(play, id, act);
  else if (act === 'end' || act === 'fail') play.end(id, act === 'end' ? 0 : 1);
}

function performQueued(play: Play, id: string, act: string): void {
  if (act === 'assign' && queue(play.ledger).includes(id)) play.assign(id);
  else if (act === 'cancel') play.run(id, { type: 'Cancel', by: 'u', reason: '' });
  else if (act === 'hold') play.run(id, { type: 'Hold', by: 'u' });
}

describe('jobs of an array', () => {
  const of = (index: number, count: number, parallel?: number) => ({
    id: 'arr_a',
    index,
    count,
    ...(parallel === undefined ? {} : { parallel }),
  });

  it('start when the last of them is in the log, and not before', () => {
    const play = new Play();
    play.submit('a', {}, of(0, 3));
    play.submit('b', {}, of(1, 3));
    expect([queue(play.ledger), play.ledger.gate('a')]).toEqual([[], { code: 'array-incomplete' }]);
    expect(rebuilt(play.log).gate('b')).toEqual({ code: 'array-incomplete' });
    play.submit('c', {}, of(2, 3));
    expect([queue(play.ledger), queue(rebuilt(play.log))]).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ]);
    expect(play.ledger.membersOf('arr_a')).toEqual(['a', 'b', 'c']);
  });

  it('run so many at once as it says, the first ones first', () => {
    const play = new Play();
    for (const [index, id] of ['a', 'b', 'c', 'd'].entries()) play.submit(id, {}, of(index, 4, 2));
    expect(queue(play.ledger)).toEqual(['a', 'b']);
    expect(play.ledger.gate('c')).toEqual({ code: 'array-limit', parallel: 2 });
    play.assign('b');
    expect(queue(play.ledger)).toEqual(['a']);
    play.run('a', { type: 'Hold', by: 'u' });
    expect(queue(play.ledger)).toEqual(['c']);
    play.run('a', { type: 'Release', by: 'u' });
    expect(queue(play.ledger)).toEqual(['a']);
    play.end('b');
    expect(queue(play.ledger)).toEqual(['a', 'c']);
  });

  it.each([
    [[0, 0], 'success'],
    [[0, 1], 'failure'],
  ] as const)('that ended with exit codes %j let those in that wait for the whole: its %s', (codes, when) => {
    const play = new Play();
    play.submit('a', {}, of(0, 2));
    play.submit('b', {}, of(1, 2));
    const other = when === 'success' ? 'failure' : 'success';
    play.submit('c', { after: [{ jobId: 'arr_a', when }] });
    play.submit('d', { after: [{ jobId: 'arr_a', when: other }] });
    for (const [index, id] of ['a', 'b'].entries()) {
      expect(play.ledger.gate('c')).toMatchObject({ code: 'waiting-for-job', jobs: ['arr_a'], never: null });
      play.assign(id);
      play.end(id, codes[index]);
    }
    expect([queue(play.ledger), queue(rebuilt(play.log))]).toEqual([['c'], ['c']]);
    expect(play.ledger.doomed().map(({ id }) => id)).toEqual(['d']);
  });

  const steps = fc.array(
    fc.record({ job: fc.nat(7), act: fc.constantFrom('assign', 'assign', 'end', 'fail', 'cancel', 'hold', 'release') }),
    { maxLength: 60 },
  );

  it('are never more at once than it says, and a rebuilt ledger agrees about who is next (property)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), steps, (parallel, acts) => {
        const play = new Play();
        for (let index = 0; index < 8; index += 1) play.submit(`job_${index}`, { retries: 1 }, of(index, 8, parallel));
        let now = 0;
        for (const { job, act } of acts) {
          play.ledger.release((now += 10_000));
          perform(play, `job_${job}`, act);
          play.cancelDoomed();
          const placed = play.ledger.placedOn('nod_a').length;
          expect(placed + queue(play.ledger).length).toBeLessThanOrEqual(Math.max(parallel, placed));
          expect(placed).toBeLessThanOrEqual(parallel);
        }
        play.ledger.release(now);
        expect(queue(rebuilt(play.log, now))).toEqual(queue(play.ledger));
      }),
    );
  });
});
