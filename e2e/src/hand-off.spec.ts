// The baton through many jobs: 200 short ones on four slots, some cancelled in whatever state they are; each ends once, and the ledger sums.
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobEventView, JobStateName } from '@baton/contracts';
import type { BatonClient } from '@baton/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkSums } from './ledger.ts';
import { startedPlatform, type TestPlatform } from './platform.ts';

const JOBS = 200;
const SLOTS = 4;
const CANCELS = 60;
/** In which they are cancelled, one after the other. */
const STATES: readonly JobStateName[] = ['queued', 'assigned', 'running'];

let platform: TestPlatform;
let client: BatonClient;
beforeAll(async () => {
  ({ platform, admin: client } = await startedPlatform({ BATON_CPU_SLOTS: String(SLOTS) }));
});
afterAll(() => platform.cleanUp());

it(`passes ${SLOTS} slots through ${JOBS} short jobs with random cancels, and accounts for every microsecond`, async () => {
  for (let n = 0; n < JOBS; n += 1) {
    const seconds = (0.03 + 0.12 * Math.random()).toFixed(3);
    await client.jobs.submit({ name: `short-${n}`, command: ['sh', '-c', `sleep ${seconds}`] });
  }
  const chosen = await cancelSome();
  await expect
    .poll(async () => (await client.jobs.list({ active: true, limit: 1_000 })).items.length, { timeout: 120_000 })
    .toBe(0);
  const { items } = await client.jobs.list({ limit: 1_000 });
  expect(items).toHaveLength(JOBS);
  expect(items.filter((job) => job.state !== 'succeeded' && job.state !== 'cancelled')).toEqual([]);
  const cancelled = items.filter((job) => job.state === 'cancelled').map(({ id }) => id);
  expect(cancelled.filter((id) => !chosen.has(id))).toEqual([]);
  const phases = await Promise.all(cancelled.map(async (id) => phaseOf((await client.jobs.events(id)).items)));
  expect(new Set(phases)).toEqual(new Set(STATES));
  expectNoDeviceTwice(items.flatMap((job) => job.attempts));
  const view = await client.gaps({});
  expect(view.devices).toHaveLength(SLOTS);
  checkSums(view);
}, 180_000);

/** Some that are in one state, then some in another, at some moment. */
async function cancelSome(): Promise<ReadonlySet<string>> {
  const chosen = new Set<string>();
  for (let n = 0; n < CANCELS; n += 1) {
    const { items } = await client.jobs.list({ active: true, limit: 1_000 });
    const there = items.filter(({ state }) => state === STATES[n % STATES.length]);
    const job = there[Math.floor(Math.random() * there.length)];
    await sleep(20 * Math.random());
    if (job === undefined) continue;
    chosen.add(job.id);
    // It may be over by now.
    await client.jobs.cancel(job.id).catch(() => undefined);
  }
  return chosen;
}

/** How far it had got. */
function phaseOf(items: readonly JobEventView[]): JobStateName {
  const types = new Set(items.flatMap(({ events }) => events.map(({ type }) => type)));
  if (types.has('AttemptStarted')) return 'running';
  return types.has('JobAssigned') ? 'assigned' : 'queued';
}

interface Use {
  readonly devices: readonly string[];
  readonly startedAt: number | null;
  readonly endedAt: number | null;
}

/** By the node's clock: what started on a device had to wait until what was on it had ended. */
function expectNoDeviceTwice(attempts: readonly Use[]): void {
  for (let slot = 0; slot < SLOTS; slot += 1) {
    const uses = attempts.filter(({ devices, startedAt }) => startedAt !== null && devices.includes(`cpu-${slot}`));
    const times = uses.toSorted((a, b) => Number(a.startedAt) - Number(b.startedAt));
    expect(times.length).toBeGreaterThan(0);
    for (const [index, { startedAt }] of times.slice(1).entries())
      expect(Number(startedAt)).toBeGreaterThanOrEqual(Number(times[index]?.endedAt));
  }
}
