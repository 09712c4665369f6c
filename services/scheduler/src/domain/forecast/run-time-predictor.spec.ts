// The predictor goes by the runs most like a job of which enough were seen, by newer ones more, and else by time limits.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aSpec } from '../../testing/job-builders.ts';
import { forecastOf, RunTimePredictor } from './run-time-predictor.ts';
import type { RunOf } from './run-groups.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const code = (modelId: string, digest: string) => ({ modelId, modelName: 'net', version: 1, digest });
const run = (userId: string, change: Parameters<typeof aSpec>[0] = {}): RunOf => ({ userId, spec: aSpec(change) });
const said = (predictor: RunTimePredictor, of: RunOf) => forecastOf(predictor.predict(of, HOUR));

function after(...runs: readonly (readonly [RunOf, number])[]): RunTimePredictor {
  const predictor = new RunTimePredictor();
  for (const [of, ranMs] of runs) predictor.learn(of, ranMs);
  return predictor;
}

describe('a run time', () => {
  it('is that of the same job, where it ran often enough', () => {
    const job = run('u', { name: 'a-1', code: code('m', 'one') });
    const other = run('u', { name: 'a-2', code: code('m', 'two') });
    const predictor = after([job, 10 * MINUTE], [job, 11 * MINUTE], [job, 12 * MINUTE], [other, HOUR], [other, HOUR]);
    expect(said(predictor, job)).toMatchObject({ basis: 'same-job', samples: 3 });
    expect(said(predictor, job).medianMs / MINUTE).toBeCloseTo(11, 0);
    const { lowMs, highMs } = said(predictor, job);
    expect([lowMs < 10 * MINUTE, highMs > 12 * MINUTE]).toEqual([true, true]);
  });

  it.each([
    ['same-model', run('u', { name: 'b', code: code('m', 'two') })],
    ['same-name', run('u', { name: 'a_77', command: ['other'] })],
    ['same-user', run('u', { name: 'c' })],
    ['default-limit', run('v', { name: 'a', code: code('m', 'one') })],
    ['limit', run('v', { timeLimitMs: HOUR })],
    ['default-limit', run('u', { name: 'a', resources: { gpus: 2, cpus: 0, memoryBytes: 0 } })],
  ])('is by the %s where nothing nearer was seen', (basis, of) => {
    const job = run('u', { name: 'a-1', code: code('m', 'one') });
    expect(said(after([job, MINUTE], [job, MINUTE], [job, MINUTE]), of).basis).toBe(basis);
  });

  it('is that of others of its array, but for those with another value', () => {
    const member = (index: string, value: string) =>
      run('u', { env: { BATON_ARRAY_INDEX: index, BATON_ARRAY_COUNT: '9', BATON_ARRAY_VALUE: value } });
    const predictor = after([member('0', 'x'), MINUTE], [member('1', 'x'), MINUTE], [member('2', 'x'), MINUTE]);
    expect(said(predictor, member('3', 'x')).basis).toBe('same-job');
    expect(said(predictor, member('4', 'y')).basis).toBe('same-name');
  });

  it('is a part of the time limit as large as it was for others, the own ones first', () => {
    const limited = (user: string, hours: number) => run(user, { name: `${user}${hours}x`, timeLimitMs: hours * HOUR });
    const runs = [1, 2, 3, 4, 5, 6, 7, 8].map((hours) => [limited('u', hours), (hours * HOUR) / 4] as const);
    const predictor = after(...runs);
    const [own, others] = [said(predictor, limited('u', 100)), said(predictor, limited('v', 100))];
    expect([own.basis, others.basis]).toEqual(['limits-of-user', 'limits-of-all']);
    for (const { medianMs } of [own, others]) expect(medianMs / HOUR).toBeCloseTo(25, 0);
  });

  it('follows a change: newer runs count more', () => {
    const job = run('u');
    const old = Array.from({ length: 30 }, () => [job, HOUR] as const);
    const fresh = Array.from({ length: 10 }, () => [job, MINUTE] as const);
    expect(said(after(...old, ...fresh), job).medianMs).toBe(MINUTE);
  });

  it('is never more than the time limit', () => {
    const job = run('u', { timeLimitMs: MINUTE });
    const predictor = after([run('u'), HOUR], [run('u'), HOUR], [run('u'), HOUR]);
    expect(said(predictor, job).highMs).toBeLessThanOrEqual(MINUTE);
  });

  it('is the same for the same history, whole and positive, whatever was seen', () => {
    const anyRun = fc.record({
      userId: fc.constantFrom('u', 'v'),
      name: fc.constantFrom('a', 'a-1', 'b'),
      gpus: fc.integer({ min: 0, max: 2 }),
      timeLimitMs: fc.option(fc.integer({ min: 1, max: 100 * HOUR })),
      ranMs: fc.double({ min: 0, max: 1e12, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(anyRun, { maxLength: 120 }), anyRun, (seen, next) => {
        const of = ({ userId, name, gpus, timeLimitMs }: typeof next) =>
          run(userId, { name, timeLimitMs, resources: { gpus, cpus: 0, memoryBytes: 0 } });
        const history = seen.map((each) => [of(each), each.ranMs] as const);
        const [one, other] = [after(...history), after(...history)];
        expect(one.save()).toEqual(other.save());
        const forecast = said(one, of(next));
        expect(forecast).toEqual(said(other, of(next)));
        const { lowMs, medianMs, highMs } = forecast;
        expect([lowMs, medianMs, highMs].every((ms) => Number.isSafeInteger(ms) && ms >= 0)).toBe(true);
        expect(lowMs <= medianMs && medianMs <= highMs).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
