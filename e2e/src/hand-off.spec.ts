// The baton through many jobs: 200 short ones on four slots, some cancelled; each ends once, and the ledger still sums.
import type { BatonClient } from '@baton/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startedPlatform, type TestPlatform } from './platform.ts';

const JOBS = 200;
const SLOTS = 4;

let platform: TestPlatform;
let client: BatonClient;
beforeAll(async () => {
  ({ platform, admin: client } = await startedPlatform({ BATON_CPU_SLOTS: String(SLOTS) }));
});
afterAll(() => platform.cleanUp());

it(`passes ${SLOTS} slots through ${JOBS} short jobs with random cancels, and accounts for every microsecond`, async () => {
  const ids: string[] = [];
  for (let n = 0; n < JOBS; n += 1)
    ids.push((await client.jobs.submit({ name: `short-${n}`, command: ['sh', '-c', `sleep 0.0${n % 10}`] })).id);
  const chosen = ids.filter((_id, index) => index % 7 === 3);
  await Promise.all(chosen.map((id) => client.jobs.cancel(id).catch(() => undefined)));
  await expect
    .poll(async () => (await client.jobs.list({ active: true, limit: 1_000 })).items.length, { timeout: 120_000 })
    .toBe(0);
  const { items } = await client.jobs.list({ limit: 1_000 });
  expect(items).toHaveLength(JOBS);
  expect(items.filter((job) => job.state !== 'succeeded' && job.state !== 'cancelled')).toEqual([]);
  expect(items.filter((job) => job.state === 'cancelled' && !chosen.includes(job.id))).toEqual([]);
  expectNoDeviceTwice(items.flatMap((job) => job.attempts));
  const { devices } = await client.gaps({});
  expect(devices).toHaveLength(SLOTS);
  for (const { fromUs, toUs, totals } of devices)
    expect(Object.values(totals).reduce((sum, us) => sum + us, 0)).toBe(toUs - fromUs);
}, 180_000);

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
