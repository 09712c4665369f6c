// What jobs use of cards: each has the figures of its own, by nvidia-smi's word, among its metrics.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GPU_USAGE_QUERY } from './domain/gpu-usage.ts';
import { eventually } from './testing/eventually.ts';
import { fakeNvidiaSmi } from './testing/fake-nvidia-smi.ts';
import { H100, modernCard, olderCard, smiLog, V100 } from './testing/nvidia-smi-texts.ts';
import { shell, startWorld, type World } from './testing/world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
  const tools = join(world.folder, 'tools');
  mkdirSync(tools);
  await fakeNvidiaSmi(tools, {
    '-q -x': smiLog(modernCard(), olderCard()),
    [GPU_USAGE_QUERY.join(' ')]: `0, ${H100}, 97, 61234, 63, 412.55\n1, ${V100}, 12, 1024, 41, [N/A]\n`,
  });
  await world.startAgent({ BATON_JOB_PATH: `${tools}:${process.env['PATH'] ?? ''}`, BATON_SAMPLE_MS: '50' });
});
afterAll(() => world.stop());

const MIB = 2 ** 20;
const card = (id: string) => ({ id, kind: 'gpu', index: 0, model: 'x', memoryBytes: 1 }) as const;
const ON_H100 = {
  'system/gpu-0/use': 97,
  'system/gpu-0/memory': 61_234 * MIB,
  'system/gpu-0/temperature': 63,
  'system/gpu-0/power': 412.55,
};
const ON_V100 = { 'system/gpu-1/use': 12, 'system/gpu-1/memory': 1_024 * MIB, 'system/gpu-1/temperature': 41 };

it('is told of the cards that a job has, and of no other', async () => {
  const cases = [
    { devices: [card(H100)], expected: ON_H100 },
    { devices: [card(V100)], expected: ON_V100 },
    { devices: [{ ...card('cpu-0'), kind: 'cpu' as const }], expected: {} },
  ].map(({ devices, expected }) => ({ spec: shell('sleep 300', { devices }), expected }));
  world.scheduler.want(...cases.map(({ spec }) => spec));
  for (const { spec, expected } of cases) {
    const measured = async () =>
      (await world.points(spec)).map(({ values }) => values).filter((values) => Object.hasOwn(values, 'system/cpu'));
    await eventually(async () => (await measured()).length >= 2, 'it is measured');
    for (const values of await measured())
      expect(Object.fromEntries(Object.entries(values).filter(([name]) => name.includes('gpu')))).toEqual(expected);
  }
});
