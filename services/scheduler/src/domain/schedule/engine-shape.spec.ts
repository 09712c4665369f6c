// Shapes are equal exactly where jobs need the same.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aSpec } from '../../testing/job-builders.ts';
import { allDevices, allTwentieths, engineShapeKey, engineShapeOf } from './engine-shape.ts';

describe('shapes of jobs', () => {
  it('give one CPU slot to a job that asks for no GPU, and a part of a GPU where a part is asked for', () => {
    expect(engineShapeOf(aSpec())).toMatchObject({ deviceKind: 'cpu', devices: 1, nodes: 1 });
    const half = aSpec({ resources: { gpus: 0.5, cpus: 1, memoryBytes: 2 } });
    expect(engineShapeOf(half)).toMatchObject({
      deviceKind: 'gpu',
      devices: 1,
      twentieths: 10,
      cpus: 1,
      memoryBytes: 2,
    });
  });

  it('count the devices of all nodes', () => {
    expect(allDevices(engineShapeOf(aSpec({ nodes: 3, resources: { gpus: 4, cpus: 0, memoryBytes: 0 } })))).toBe(12);
  });

  it('count a part as a part, and tell it from a whole device by their keys', () => {
    const of = (resources: { gpus: number; cpuSlots?: number }) =>
      engineShapeOf(aSpec({ resources: { ...resources, cpus: 0, memoryBytes: 0 } }));
    expect([allDevices(of({ gpus: 0.15 })), allTwentieths(of({ gpus: 0.15 })), allTwentieths(of({ gpus: 2 }))]).toEqual(
      [0.15, 3, 40],
    );
    expect(of({ gpus: 0, cpuSlots: 0.5 })).toMatchObject({ deviceKind: 'cpu', devices: 1, twentieths: 10 });
    const keys = [{ gpus: 0.5 }, { gpus: 1 }, { gpus: 0, cpuSlots: 0.5 }, { gpus: 0 }].map((each) =>
      engineShapeKey(of(each)),
    );
    expect(new Set(keys).size).toBe(4);
  });

  it('have one key whatever the order of labels and the case of the model', () => {
    const one = { ...engineShapeOf(aSpec()), gpuModel: 'H100', requiredLabels: { a: '1', b: '2' } };
    const other = { ...engineShapeOf(aSpec()), gpuModel: 'h100', requiredLabels: { b: '2', a: '1' } };
    expect(engineShapeKey(one)).toBe(engineShapeKey(other));
  });

  it('have different keys where labels differ, whatever they contain', () => {
    const label = fc.dictionary(fc.string(), fc.string(), { maxKeys: 3, noNullPrototype: true });
    const key = (labels: Record<string, string>) =>
      engineShapeKey({ ...engineShapeOf(aSpec()), requiredLabels: labels });
    const canonical = (labels: Record<string, string>) => new Map(Object.entries(labels));
    fc.assert(
      fc.property(label, label, (a, b) => {
        const isSame =
          canonical(a).size === canonical(b).size && [...canonical(a)].every(([name, value]) => b[name] === value);
        expect(key(a) === key(b)).toBe(isSame);
      }),
    );
  });
});
