// The idle-gap ledger of a running platform: every microsecond of every device is explained, and jobs get what they had.
import type { GapsView, JobEventView } from '@baton/contracts';
import type { BatonClient } from '@baton/sdk';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { baton, batonJson } from './command-line.ts';
import { ended, shell, untilState } from './jobs.ts';
import { checkSums, sum } from './ledger.ts';
import { inviteUser } from './people.ts';
import { startedPlatform, type TestPlatform } from './platform.ts';

let platform: TestPlatform;
let admin: BatonClient;

beforeAll(async () => {
  ({ platform, admin } = await startedPlatform({ BATON_CPU_SLOTS: '2' }));
});
afterAll(() => platform.cleanUp());

interface Ran {
  readonly from: number;
  readonly to: number;
}

/** Of each attempt, from the start to when no process of it was left, in milliseconds, by the agent's word. */
function ran(items: readonly JobEventView[]): Ran[] {
  const found = new Map<number, { from?: number; to?: number }>();
  for (const { type, data } of items.flatMap(({ events }) => events)) {
    const { attempt, ...fact } = data as {
      attempt: number;
      startedAt: number;
      at: number;
      result: { endedAt: number };
    };
    const times = found.get(attempt) ?? {};
    if (type === 'AttemptStarted') found.set(attempt, { ...times, from: fact.startedAt });
    if (type === 'AttemptReleased') found.set(attempt, { ...times, to: fact.at });
    if (type === 'AttemptEnded') found.set(attempt, { ...times, to: times.to ?? fact.result.endedAt });
  }
  return [...found.values()].flatMap(({ from, to }) => (from === undefined || to === undefined ? [] : [{ from, to }]));
}

async function whenTold(since: number, jobs: readonly string[]): Promise<GapsView> {
  return vi.waitFor(
    async () => {
      const view = await admin.gaps({ since });
      checkSums(view);
      for (const id of jobs) {
        const intervals = view.devices.flatMap((device) => device.intervals).filter(({ job }) => job?.id === id);
        expect(intervals.length).toBeGreaterThan(0);
        expect(intervals.every(({ toUs }) => toUs < view.until * 1_000)).toBe(true);
      }
      return view;
    },
    { timeout: 60_000, interval: 100 },
  );
}

describe('the idle-gap ledger', () => {
  it('sums to the wall time over jobs that follow one another on two slots, one of them cancelled', async () => {
    await vi.waitFor(async () => expect((await admin.nodes.list()).items).toHaveLength(1), { timeout: 60_000 });
    const since = Date.now();
    const specs = [...Array.from({ length: 8 }, (_, index) => shell(`sleep 0.${index + 1}`)), shell('exit 3')];
    const jobs = await Promise.all(specs.map(async (spec) => (await admin.jobs.submit(spec)).id));
    const long = (await admin.jobs.submit(shell('sleep 60'))).id;
    for (const id of jobs) await ended(admin, id);
    await untilState(admin, long, 'running');
    await admin.jobs.cancel(long);
    await ended(admin, long);
    const view = await whenTold(since, [...jobs, long]);
    expect(view.devices).toHaveLength(2);
    expect(sum(view.totals)).toBe(2 * (view.until - view.since) * 1_000);

    for (const id of jobs) {
      const { items } = await admin.jobs.events(id);
      const expected = ran(items).reduce((total, { from, to }) => total + (to - from) * 1_000, 0);
      const cost = view.costs.jobs.find(({ jobId }) => jobId === id);
      expect(cost?.runningUs).toBe(expected);
    }
    const [attempt] = ran((await admin.jobs.events(long)).items);
    const parts = view.devices.flatMap((device) => device.intervals).filter(({ job }) => job?.id === long);
    const processes = parts.filter(({ category }) => category === 'running' || category === 'stopping');
    expect(processes.map(({ category }) => category)).toEqual(['running', 'stopping']);
    expect([processes[0]?.fromUs, processes[1]?.toUs]).toEqual([
      (attempt?.from ?? 0) * 1_000,
      (attempt?.to ?? 0) * 1_000,
    ]);
  });

  it('is printed for people, a line for each device, and whole for programs; of one node or user if asked', async () => {
    const { stdout, code } = await baton(['gaps', '--since', '1h', '--user', 'me'], admin);
    expect(code).toBe(0);
    const [node] = (await admin.nodes.list()).items;
    const line = (device: string) => new RegExp(`${node?.name} ${device} \\[[^\\]]*#[^\\]]*\\] +[\\d.]+ % running`);
    for (const device of ['cpu-0', 'cpu-1']) expect(stdout).toMatch(line(device));
    expect(stdout).toMatch(/idle/);
    expect(stdout).toMatch(/user +[\d.]+ .*admin@example\.com/);
    const args = ['gaps', '--since', '1h', '--node', node?.name ?? '', '--user', 'me'];
    const view = await batonJson<GapsView>(args, admin);
    checkSums(view);
    expect(view.devices.map(({ device }) => device)).toEqual(['cpu-0', 'cpu-1']);
    expect(view.costs.jobs).toHaveLength(10);
    expect(await baton(['gaps', '--node', 'nowhere'], admin)).toMatchObject({ stdout: '', code: 4 });
    const refused = await baton(['gaps', '--since', 'lately'], admin);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('"lately" is no time.') as unknown });
  });

  it('shows the sums to everybody, and the jobs to those who may see them', async () => {
    const other = await inviteUser(admin, 'other');
    const view = await other.gaps();
    checkSums(view);
    expect(view.totals.running).toBeGreaterThan(0);
    expect(view.costs).toMatchObject({ jobs: [], others: { runningUs: view.totals.running } });
    const named = view.devices.flatMap((device) => device.intervals.flatMap(({ job }) => job?.name ?? []));
    expect(named).toEqual([]);
  });

  it('tells platform down from idle when the platform was stopped for a while', async () => {
    const { until } = await admin.gaps();
    await platform.stop();
    const stoppedAt = Date.now();
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(stoppedAt + 3_000), { timeout: 60_000 });
    await platform.start();
    const view = await vi.waitFor(
      async () => {
        const found = await admin.gaps({ since: until });
        expect(found.totals['platform-down']).toBeGreaterThan(0);
        return found;
      },
      { timeout: 60_000, interval: 100 },
    );
    checkSums(view);
    expect(view.totals['platform-down']).toBeGreaterThan(2 * 3_000_000);
  });
});
