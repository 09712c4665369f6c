// One scheduling pass: first in first out, never a device twice, and a reason for every "no".
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aNode } from '../../testing/job-builders.ts';
import { JobQueue } from '../queue.ts';
import { explainWait } from './explain.ts';
import { schedule } from './schedule.ts';
import type { NodeSnapshot, Shape, Snapshot } from './snapshot.ts';

const oneSlot: Shape = { deviceKind: 'cpu', devices: 1, cpus: 0, memoryBytes: 0, nodeId: null };
const gpus = (devices: number): Shape => ({ ...oneSlot, deviceKind: 'gpu', devices });

function snapshot(jobs: readonly (readonly [string, Shape])[], nodes: readonly NodeSnapshot[]): Snapshot {
  const queue = new JobQueue();
  for (const [index, [id, shape]] of jobs.entries()) queue.add({ id, order: index + 1 }, shape);
  return { buckets: queue.buckets(), nodes };
}
const started = (pass: Snapshot) => schedule(pass).starts.map((start) => start.jobId);

describe('schedule', () => {
  it('starts the oldest job first', () => {
    expect(
      started(
        snapshot(
          [
            ['a', oneSlot],
            ['b', oneSlot],
          ],
          [aNode('n', { cpu: 1 })],
        ),
      ),
    ).toEqual(['a']);
  });

  it('lets nobody overtake a job that waits for the same kind of device', () => {
    const busy = aNode('n', { gpu: 2 }, { held: new Map([['gpu-0', 'x']]) });
    const pass = snapshot(
      [
        ['big', gpus(2)],
        ['small', gpus(1)],
      ],
      [busy],
    );
    expect(started(pass)).toEqual([]);
    expect([...schedule(pass).blocked.values()]).toEqual(['devices-busy', 'behind-in-queue']);
  });

  it('starts jobs of the other kind of device beside one that waits', () => {
    const busy = aNode('n', { cpu: 1, gpu: 1 }, { held: new Map([['gpu-0', 'x']]) });
    expect(
      started(
        snapshot(
          [
            ['gpu', gpus(1)],
            ['cpu', oneSlot],
          ],
          [busy],
        ),
      ),
    ).toEqual(['cpu']);
  });

  it('starts nothing on a node that is not heard from', () => {
    const pass = snapshot([['a', oneSlot]], [aNode('n', { cpu: 1 }, { reachable: false })]);
    expect([...schedule(pass).blocked.values()]).toEqual(['node-unreachable']);
  });

  it('keeps to the node that was asked for', () => {
    const pass = snapshot([['a', { ...oneSlot, nodeId: 'm' }]], [aNode('n', { cpu: 1 }), aNode('m', { cpu: 1 })]);
    expect(schedule(pass).starts).toEqual([{ jobId: 'a', nodeId: 'm', devices: ['cpu-0'] }]);
  });

  it('counts CPUs and memory beside devices', () => {
    const shape = { ...oneSlot, cpus: 5 };
    const pass = snapshot(
      [
        ['a', shape],
        ['b', shape],
      ],
      [aNode('n', { cpu: 4 })],
    );
    expect(started(pass)).toEqual(['a']);
    expect([...schedule(pass).blocked.values()]).toEqual(['cpus-busy']);
  });

  const shapes = fc.record({
    deviceKind: fc.constantFrom('cpu' as const, 'gpu' as const),
    devices: fc.integer({ min: 1, max: 4 }),
  });
  const clusters = fc.array(fc.record({ cpu: fc.nat(3), gpu: fc.nat(4) }), { maxLength: 4 });

  it('gives no device twice, keeps the order, and leaves nothing startable (property)', () => {
    fc.assert(
      fc.property(fc.array(shapes, { maxLength: 12 }), clusters, (wanted, slots) => {
        const nodes = slots.map((slot, index) => aNode(`n${index}`, slot));
        const jobs = wanted.map((shape, index) => [`j${index}`, { ...oneSlot, ...shape }] as const);
        const pass = snapshot(jobs, nodes);
        const { starts, blocked } = schedule(pass);
        const given = starts.flatMap((start) => start.devices.map((device) => `${start.nodeId}/${device}`));
        expect(new Set(given).size).toBe(given.length);
        for (const start of starts) {
          const shape = jobs.find(([id]) => id === start.jobId)?.[1];
          expect(start.devices).toHaveLength(shape?.devices ?? 0);
          expect(start.devices.every((device) => device.startsWith(shape?.deviceKind ?? '?'))).toBe(true);
        }
        // Within a shape, what starts is a prefix of the queue; every other job's shape has a reason.
        for (const bucket of pass.buckets) {
          const flags = bucket.jobs.map((job) => starts.some((start) => start.jobId === job.id));
          expect(flags).toEqual(flags.toSorted((a, b) => Number(b) - Number(a)));
          expect(flags.includes(false)).toBe(blocked.has(bucket.key));
        }
      }),
    );
  });
});

describe('explainWait', () => {
  const busy = aNode('n', { cpu: 1 }, { held: new Map([['cpu-0', 'running']]) });

  it('names the jobs that hold what the first one waits for', () => {
    const pass = snapshot(
      [
        ['a', oneSlot],
        ['b', oneSlot],
      ],
      [busy],
    );
    const reason = explainWait({ id: 'a', shape: oneSlot, order: 1, notBefore: 0 }, pass, 0);
    expect(reason).toMatchObject({ code: 'devices-busy', position: 1, heldBy: ['running'] });
  });

  it('tells those behind it their place', () => {
    const pass = snapshot(
      [
        ['a', oneSlot],
        ['b', oneSlot],
      ],
      [busy],
    );
    expect(explainWait({ id: 'b', shape: oneSlot, order: 2, notBefore: 0 }, pass, 0)).toMatchObject({
      code: 'behind-in-queue',
      position: 2,
    });
  });

  it('says when a retried job is tried again', () => {
    const reason = explainWait({ id: 'a', shape: oneSlot, order: 1, notBefore: 3_000 }, snapshot([], [busy]), 1_000);
    expect(reason).toMatchObject({ code: 'retry-backoff', message: 'It is tried again in 2 s.' });
  });
});
