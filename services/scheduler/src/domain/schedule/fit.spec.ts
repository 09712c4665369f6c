// Which nodes can ever hold a shape: such devices, such labels; and nothing beside what wants its nodes for itself.
import type { NodeDescription, PinnedSpec } from '@baton/contracts';
import { describe, expect, it } from 'vitest';
import { aDescription, aNode, aSpec } from '../../testing/job-builders.ts';
import { lacks, place, whyNever } from './fit.ts';
import { type NodeSnapshot, nodeSnapshot, shapeKey, shapeOf } from './snapshot.ts';

const GIB = 2 ** 30;
const card = (id: string, model: string, memoryGib: number) =>
  ({ id, kind: 'gpu', index: 0, model, memoryBytes: memoryGib * GIB }) as const;
const description: NodeDescription = {
  ...aDescription('box', { cpu: 2 }),
  devices: [
    ...aDescription('box', { cpu: 2 }).devices,
    card('g0', 'NVIDIA A100-SXM4-40GB', 40),
    card('g1', 'NVIDIA H100', 80),
  ],
  labels: { room: 'b', ib: 'yes' },
};
const box: NodeSnapshot = aNode('nod_box', {}, { description });
const gpus = (count: number, change: Partial<PinnedSpec['resources']> = {}, more: Partial<PinnedSpec> = {}) =>
  shapeOf(aSpec({ resources: { gpus: count, cpus: 0, memoryBytes: 0, ...change }, ...more }));

describe('a shape with a GPU model or memory', () => {
  it('fits where there are so many such cards, whatever the case of the letters', () => {
    expect(lacks(gpus(1, { gpuModel: 'a100' }), box)).toEqual([]);
    expect(lacks(gpus(2, { gpuModel: 'a100' }), box)).toEqual(['it has 1 GPUs of model a100, 2 asked']);
    expect(lacks(gpus(2, { gpuMemoryBytes: 60 * GIB }), box)).toEqual([
      'it has 1 GPUs with 60.0 GiB of memory, 2 asked',
    ]);
    expect(lacks(gpus(1, { gpuModel: 'A100', gpuMemoryBytes: 60 * GIB }), box)).toHaveLength(1);
  });

  it('gets such cards and no others', () => {
    expect(place(gpus(1, { gpuModel: 'H100' }), box)).toEqual({ fits: true, devices: ['g1'] });
    const held = { ...box, held: new Map([['g1', 'job_x']]) };
    expect(place(gpus(1, { gpuMemoryBytes: 60 * GIB }), held)).toEqual({ fits: false, code: 'devices-busy' });
  });
});

describe('a shape with required labels', () => {
  it('fits nodes that have them with these values, and says what is lacking', () => {
    const requiring = (requires: Record<string, string>) => gpus(1, {}, { requires });
    expect(lacks(requiring({ room: 'b' }), box)).toEqual([]);
    expect(lacks(requiring({ room: 'c', rack: '1' }), box)).toEqual([
      'it has the label room=b, room=c required',
      'it has no label rack, rack=1 required',
    ]);
    expect(whyNever(requiring({ rack: '1' }), [box])?.message).toContain('no label rack');
  });
});

describe('an exclusive shape', () => {
  const alone = shapeOf(aSpec({ exclusive: true }));
  const other = shapeOf(aSpec());
  const busyWith = (shape: typeof other) =>
    nodeSnapshot(box, [{ jobId: 'job_x', attempt: 1, order: 1, shape, devices: ['cpu-0'], waiting: null }]);

  it('waits for an empty node, and lets nobody beside it', () => {
    expect(place(alone, box)).toMatchObject({ fits: true });
    expect(place(alone, busyWith(other))).toEqual({ fits: false, code: 'devices-busy' });
    expect(place(other, busyWith(alone))).toEqual({ fits: false, code: 'devices-busy' });
    expect(place(other, busyWith(other))).toMatchObject({ fits: true });
  });
});

describe('the key of a shape', () => {
  it('is the same for the same needs in another order, and another for others', () => {
    const one = shapeOf(aSpec({ requires: { a: '1', b: '2' } }));
    expect(shapeKey(one)).toBe(shapeKey(shapeOf(aSpec({ requires: { b: '2', a: '1' } }))));
    const others = [{}, { requires: { a: '1' } }, { prefers: { a: '1' } }, { exclusive: true }];
    const keys = [...others.map((change) => shapeKey(shapeOf(aSpec(change)))), shapeKey(one)];
    expect(new Set(keys).size).toBe(keys.length);
  });
});
