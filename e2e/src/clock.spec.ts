// A server whose clock jumps by an hour, forward and back: no job, lease, limit or log-in is taken for over, and silence still shows.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BatonClient } from '@baton/sdk';
import { shiftedClock, type ShiftedClock, temporaryFolder, type TemporaryFolder } from '@baton/testkit';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { counting, expectWhole } from './counting-jobs.ts';
import { ended, run, shell, untilState } from './jobs.ts';
import { startedPlatform, type TestPlatform } from './platform.ts';

const HOUR_MS = 3_600_000;
const PATIENCE = { timeout: 60_000, interval: 50 };

let platform: TestPlatform;
let admin: BatonClient;
let clock: ShiftedClock;
let folder: TemporaryFolder;
let jobs: string[];

const release = () => join(platform.files, 'release');

beforeAll(async () => {
  folder = await temporaryFolder('baton-e2e-clock-');
  clock = shiftedClock(folder.path);
  ({ platform, admin } = await startedPlatform({
    BATON_CPU_SLOTS: '3',
    BATON_NODE_LEASE_SECONDS: '3',
    ...clock.env,
  }));
  const specs = [
    counting(release(), { timeLimit: '30m' }),
    counting(release(), { timeLimit: '30m', onNodeLoss: 'requeue' }),
  ];
  jobs = [];
  for (const spec of specs) jobs.push((await admin.jobs.submit(spec)).id);
  for (const id of jobs) await untilState(admin, id, 'running');
});
afterAll(async () => {
  await platform.cleanUp();
  await folder.cleanup();
});

/** By what the platform is wrong. */
async function offset(): Promise<number> {
  return (await admin.gaps()).until - Date.now();
}

const states = async () =>
  Promise.all(
    jobs.map(async (id) => {
      const { state, attempts, flags } = await admin.jobs.get(id);
      return { state, attempts: attempts.length, unreachable: flags.unreachable };
    }),
  );

it.each([
  ['forward', HOUR_MS],
  ['back by two hours', -HOUR_MS],
  ['to what it should be', 0],
])('goes on when the clock jumps %s', async (_, offsetMs) => {
  clock.shift(offsetMs);
  await vi.waitFor(async () => expect(Math.abs((await offset()) - offsetMs)).toBeLessThan(2_000), PATIENCE);
  const since = performance.now();
  // Longer than lease and heartbeat; not once does a job or the node look lost.
  await vi.waitFor(async () => {
    expect(await states()).toEqual(jobs.map(() => ({ state: 'running', attempts: 1, unreachable: false })));
    expect((await admin.nodes.list()).items).toMatchObject([{ state: 'ready' }]);
    if (performance.now() - since < 6_000) throw new Error('not yet');
  }, PATIENCE);
  expect(await run(admin, shell('true', { timeLimit: '1m' }))).toMatchObject({
    state: 'succeeded',
    attempts: [{ attempt: 1 }],
  });
});

it('still shows a silent server after 5 s when the clock is set back meanwhile', async () => {
  const { agent = 0 } = platform.parts();
  process.kill(agent, 'SIGSTOP');
  clock.shift(-HOUR_MS);
  await vi.waitFor(
    async () => expect((await admin.nodes.list()).items).toMatchObject([{ reachable: false }]),
    PATIENCE,
  );
  process.kill(agent, 'SIGCONT');
  clock.shift(0);
  await vi.waitFor(async () => expect((await admin.nodes.list()).items).toMatchObject([{ state: 'ready' }]), PATIENCE);
});

it('has lost nothing of what the jobs left', async () => {
  writeFileSync(release(), '');
  // The one by lease has been ended by its guard when its agent stood still; nothing else was.
  const [waited = '', leased = ''] = jobs;
  await expectWhole(admin, await ended(admin, waited));
  expect(await ended(admin, leased)).toMatchObject({ state: 'succeeded', counters: { userFailures: 0 } });
  // Times that run backwards don't upset what is reckoned from them.
  const { devices } = await admin.gaps();
  const sum = (totals: object) => Object.values(totals).reduce((all: number, each: number) => all + each, 0);
  expect(devices.map(({ totals }) => sum(totals))).toEqual(devices.map(({ fromUs, toUs }) => toUs - fromUs));
  expect(devices).toHaveLength(3);
  const { items } = await admin.jobs.list();
  expect(items).toHaveLength(2 + 3);
});
