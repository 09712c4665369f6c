// Two jobs on one slot of a running platform: who asks for a part shares, who asks for all waits, and the ledger still sums.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GapsView } from '@baton/contracts';
import type { BatonClient } from '@baton/sdk';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ended, shell, untilReleased, untilState } from './jobs.ts';
import { startedPlatform, type TestPlatform } from './platform.ts';

const PATIENCE = { timeout: 60_000, interval: 50 };

let platform: TestPlatform;
let admin: BatonClient;
let node: string;

const readyNode = () =>
  vi.waitFor(async () => {
    const [found] = (await admin.nodes.list()).items;
    if (found?.state !== 'ready') throw new Error('The node is not ready.');
    return found.id;
  }, PATIENCE);

beforeAll(async () => {
  ({ platform, admin } = await startedPlatform({ BATON_CPU_SLOTS: '1' }));
  node = await readyNode();
});
afterAll(() => platform.cleanUp());

const fileOf = (name: string) => join(platform.files, name);
const release = (...names: readonly string[]) => Promise.all(names.map((name) => writeFile(fileOf(name), '')));
/** Says which part it has, and runs until it is released. */
const half = (name: string) => ({
  ...untilReleased(['sh', '-c', 'echo part=$BATON_DEVICE_PART'], fileOf(name)),
  name,
  resources: { cpuSlots: 0.5 },
});
const total = (values: Readonly<Record<string, number>>) => Object.values(values).reduce((sum, each) => sum + each, 0);

function checkSums({ devices }: GapsView): void {
  for (const { fromUs, toUs, totals } of devices) expect(total(totals)).toBe(toUs - fromUs);
}

/** By the agent's word, in milliseconds. */
async function timeOf(id: string, type: 'AttemptStarted' | 'AttemptReleased'): Promise<number> {
  const { items } = await admin.jobs.events(id);
  const found = items.flatMap(({ events }) => events).find((event) => event.type === type);
  const { startedAt, at } = (found?.data ?? {}) as { readonly startedAt?: number; readonly at?: number };
  return startedAt ?? at ?? Number.NaN;
}
const startOf = (id: string) => timeOf(id, 'AttemptStarted');
const endOf = (id: string) => timeOf(id, 'AttemptReleased');

describe('a slot that jobs share', () => {
  it('is refused to everybody until an admin says otherwise, and bad parts are always', async () => {
    await expect(admin.jobs.submit(half('early'))).rejects.toMatchObject({ code: 'unsatisfiable' });
    await admin.nodes.share(node, 4);
    for (const resources of [{ cpuSlots: 0.3333 }, { gpus: 2.5 }])
      await expect(admin.jobs.submit({ ...shell('true'), resources })).rejects.toMatchObject({
        code: 'invalid_input',
        issues: [expect.objectContaining({ pointer: `/resources/${Object.keys(resources)[0]}` })],
      });
  });

  it('runs two halves at the same time; a third waits for room, a whole job until both have gone; the ledger sums', async () => {
    const since = Date.now();
    const submit = async (spec: Parameters<typeof admin.jobs.submit>[0]) => (await admin.jobs.submit(spec)).id;
    const [one, two] = [await submit(half('one')), await submit(half('two'))];
    for (const id of [one, two]) await untilState(admin, id, 'running');
    const whole = await submit(shell('true'));
    const three = await submit(half('three'));
    await vi.waitFor(async () => {
      const { waiting } = await admin.jobs.get(three);
      expect(waiting?.heldBy.toSorted()).toEqual([one, two].toSorted());
    }, PATIENCE);
    expect((await admin.nodes.get(node)).devices[0]?.sharedBy).toEqual([
      { jobId: one, part: 0.5 },
      { jobId: two, part: 0.5 },
    ]);
    await release('one');
    await ended(admin, one);
    expect((await admin.jobs.get(two)).state).toBe('running');
    await release('two', 'three');
    for (const id of [two, three, whole]) await ended(admin, id);
    for (const id of [one, two]) expect(await startOf(whole)).toBeGreaterThanOrEqual(await endOf(id));
    expect(await admin.jobs.logs(one)).toBe('part=0.5\n');
    const view = await vi.waitFor(async () => {
      const found = await admin.gaps({ since });
      checkSums(found);
      expect(found.costs.jobs).toHaveLength(4);
      return found;
    }, PATIENCE);
    const parts = view.devices.flatMap(({ intervals }) => intervals.filter(({ job }) => job?.id === one));
    expect(parts.map(({ part }) => part)).toEqual(parts.map(() => 0.5));
    for (const id of [one, two]) {
      const wallUs = 1_000 * ((await endOf(id)) - (await startOf(id)));
      const cost = view.costs.jobs.find(({ jobId }) => jobId === id);
      expect(Math.abs((cost?.runningUs ?? 0) - wallUs / 2)).toBeLessThanOrEqual(1);
    }
  });
});
