// Figures and replays over REST: how good forecasts were, also for Prometheus, and what would have been.
import { forecastRpc, type StatsView, type WhatIfView } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALICE, type GatewayFixture, json, startFixture } from '../../testing/fixture.ts';
import { problem } from '../../testing/problem.ts';

const none = {
  jobs: 0,
  medianAbsoluteErrorSeconds: null,
  medianRelativeErrorRatio: null,
  ranges: 0,
  coverageRatio: null,
  medianWidthSeconds: null,
};
const some = {
  jobs: 7,
  medianAbsoluteErrorSeconds: 1.5,
  medianRelativeErrorRatio: 0.1,
  ranges: 4,
  coverageRatio: 0.75,
  medianWidthSeconds: 9,
};
const statsView: StatsView = {
  at: 10,
  jobs: { queued: 3, notYet: 1, inLine: 2, running: 4 },
  forecasts: { confidence: 0.8, runTime: some, start: none, end: none },
};
const figures = { mean: 2, p90: 5, worst: 9 };
const row = { jobs: 2, really: figures, replayed: figures, whatIf: null };
const whatIfView: WhatIfView = {
  since: 1,
  until: 10,
  devices: 8,
  added: null,
  totals: row,
  users: [{ userId: ALICE, ...row }],
  notes: ['Nodes are as they are now, and in service all the time.'],
};

let fixture: GatewayFixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.stop());

describe('the figures', () => {
  it('are told to Prometheus as soon as the scheduler answers, beside what the gateway measures', async () => {
    const scrape = async () => (await fixture.fetch('/metrics', { token: null })).text();
    expect(await scrape()).not.toContain('baton_jobs');
    fixture.answer(forecastRpc.stats, () => statsView);
    await fixture.services.connection.flush();
    const text = await scrape();
    expect(text).toContain('baton_jobs{state="in_line"} 2');
    expect(text).toContain('baton_forecast_coverage_ratio{of="run_time"} 0.75');
    expect(text).toContain('baton_forecast_median_absolute_error_seconds{of="run_time"} 1.5');
    expect(text).not.toContain('baton_forecast_coverage_ratio{of="start"}');
    expect(text).toContain('process_cpu_seconds_total');
    // Each metric is told of once, and each line is ended.
    const helps = text.split('\n').filter((line) => line.startsWith('# HELP'));
    expect(new Set(helps).size).toBe(helps.length);
    expect(text.endsWith('\n')).toBe(true);
  });

  it('are told to users', async () => {
    expect(await (await fixture.fetch('/api/v1/stats')).json()).toEqual(statsView);
    expect((await fixture.fetch('/api/v1/stats', { token: null })).status).toBe(401);
    expect((await fixture.fetch('/api/v1/stats', { token: 'job' })).status).toBe(403);
  });
});

describe('a replay', () => {
  const url = '/api/v1/simulations';

  it('is asked for with a policy, nodes and a time', async () => {
    const question = { since: 5, policy: { order: 'fifo' }, addNodes: 2, like: 'box' };
    fixture.answer(forecastRpc.whatIf, ({ body, principal }) => {
      expect([body, principal.userId]).toEqual([question, ALICE]);
      return whatIfView;
    });
    expect(await (await fixture.fetch(url, json('POST', question))).json()).toEqual(whatIfView);
    expect((await fixture.fetch(url, { ...json('POST', {}), token: 'job' })).status).toBe(403);
  });

  it.each([
    [{ addNodes: 0 }, '/addNodes'],
    [{ addNodes: 1_001 }, '/addNodes'],
    [{ since: 'yesterday' }, '/since'],
    [{ policy: { order: 'random' } }, '/policy/order'],
    [{ until: 5 }, '/until'],
  ])('is refused as %j, and where', async (question, pointer) => {
    const answer = await problem(await fixture.fetch(url, json('POST', question)));
    expect(answer).toMatchObject({ status: 400, code: 'invalid_input' });
    expect(JSON.stringify(answer)).toContain(`"${pointer}"`);
  });

  it('says when another one is under way', async () => {
    fixture.answer(forecastRpc.whatIf, () => {
      throw new PlatformError('unavailable', 'Another replay of the log is under way.', { retryAfterMs: 5_000 });
    });
    const response = await fixture.fetch(url, json('POST', {}));
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
  });
});
