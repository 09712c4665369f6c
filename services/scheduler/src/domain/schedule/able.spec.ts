// Which nodes can ever hold a shape: such devices, such labels, enough of them; and the sentences that say what lacks.
import { describe, expect, it } from 'vitest';
import { anEngineNode, gpus, ONE_SLOT } from '../../testing/cluster-builders.ts';
import { lacks, whyNever } from './able.ts';

const GIB = 2 ** 30;
const plain = anEngineNode('box', { cpu: 2, gpu: 2 }, { labels: { room: 'b', ib: 'yes' } });
const box = {
  ...plain,
  description: {
    ...plain.description,
    devices: plain.description.devices.map((device) => {
      if (device.kind === 'cpu') return device;
      const isBig = device.index === 1;
      return {
        ...device,
        model: isBig ? 'NVIDIA H100' : 'NVIDIA A100-SXM4-40GB',
        memoryBytes: (isBig ? 80 : 40) * GIB,
      };
    }),
  },
};

describe('a shape with a GPU model or memory', () => {
  it('fits where there are so many such cards, whatever the case of the letters', () => {
    expect(lacks(gpus(1, { gpuModel: 'a100' }), box)).toEqual([]);
    expect(lacks(gpus(2, { gpuModel: 'a100' }), box)).toEqual(['it has 1 GPUs of model a100, 2 asked']);
    expect(lacks(gpus(2, { gpuMemoryBytes: 60 * GIB }), box)).toEqual([
      'it has 1 GPUs with 60.0 GiB of memory, 2 asked',
    ]);
    expect(lacks(gpus(1, { gpuModel: 'A100', gpuMemoryBytes: 60 * GIB }), box)).toHaveLength(1);
  });
});

describe('a shape with required labels', () => {
  it('fits nodes that have them with these values, and says what is lacking', () => {
    expect(lacks(gpus(1, { requiredLabels: { room: 'b' } }), box)).toEqual([]);
    expect(lacks(gpus(1, { requiredLabels: { room: 'c', rack: '1' } }), box)).toEqual([
      'it has the label room=b, room=c required',
      'it has no label rack, rack=1 required',
    ]);
    expect(whyNever(gpus(1, { requiredLabels: { rack: '1' } }), [box])).toMatchObject({
      message: expect.stringContaining('no label rack') as unknown,
      issues: [{ pointer: '/requires' }],
    });
  });
});

describe('a shape for several nodes', () => {
  it('is told of at submit if it can never be placed', () => {
    const nodes = [anEngineNode('n', { cpu: 1 }), anEngineNode('m', { cpu: 2 })];
    expect(whyNever({ ...ONE_SLOT, nodes: 2, devices: 2 }, nodes)).toEqual({
      message:
        '1 of 2 nodes could hold a part of this job, 2 asked. n: it has 1 CPU slots, 2 asked. Ask for less, or add a node.',
      issues: [
        { pointer: '/nodes', detail: '1 of 2 nodes could hold a part of this job, 2 asked' },
        { pointer: '/resources', detail: 'node n: it has 1 CPU slots, 2 asked' },
      ],
    });
    expect(whyNever({ ...ONE_SLOT, nodes: 3 }, nodes)?.message).toMatch(/^2 of 2 nodes .* 3 asked\. Ask for less/);
    expect(whyNever({ ...ONE_SLOT, nodes: 2 }, nodes)).toBe(null);
    expect(whyNever({ ...ONE_SLOT, nodes: 2 }, [])).toBe(null);
  });
});
