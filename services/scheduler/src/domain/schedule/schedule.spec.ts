// One scheduling pass: first in first out, never a device twice, and a reason for every "no".
import type { NodeDescription, WaitCode } from '@baton/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aNode, aSpec } from '../../testing/job-builders.ts';
import { JobQueue } from '../queue.ts';
import { explainWait } from './explain.ts';
import { schedule } from './schedule.ts';
import { type NodeSnapshot, nodeSnapshot, type PlacedAttempt, type Shape, shapeOf, type Snapshot } from './snapshot.ts';

const oneSlot: Shape = shapeOf(aSpec());
const gpus = (devices: number): Shape => ({ ...oneSlot, deviceKind: 'gpu', devices });

function snapshot(jobs: readonly (readonly [string, Shape])[], nodes: readonly NodeSnapshot[]): Snapshot {
  const queue = new JobQueue();
  for (const [index, [id, shape]] of jobs.entries()) queue.add({ id, order: index + 1, nextAttempt: 1 }, shape);
  return { buckets: queue.buckets(), nodes };
}
const started = (pass: Snapshot) =>
  schedule(pass)
    .starts.filter((start) => start.behind === undefined)
    .map((start) => start.jobId);

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

  it('starts a job with an image only where there is docker, and holds up nobody elsewhere', () => {
    const image = { ...oneSlot, inContainer: true };
    const bare = aNode('bare', { cpu: 1 });
    const runtimes: NodeDescription['runtimes'] = ['process', 'docker'];
    const description = { ...aNode('docker', { cpu: 1 }).description, runtimes };
    const docker = aNode('docker', { cpu: 1 }, { description });
    const jobs = [
      ['image', image],
      ['plain', oneSlot],
    ] as const;
    expect([...schedule(snapshot(jobs, [bare])).blocked.values()]).toEqual(['no-node']);
    expect(started(snapshot(jobs, [bare]))).toEqual(['plain']);
    const { starts } = schedule(snapshot(jobs, [bare, docker]));
    expect(starts.map(({ jobId, nodeId }) => `${jobId} on ${nodeId}`)).toEqual(['image on docker', 'plain on bare']);
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
    const pass = snapshot([['a', oneSlot]], [aNode('n', { cpu: 1 }, { refuses: 'node-unreachable' })]);
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
          expect(start.devices.length + (start.behind?.count ?? 0)).toBe(shape?.devices);
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
    const reason = explainWait({ id: 'a', shape: oneSlot, order: 1, gate: null }, pass, 0);
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
    expect(explainWait({ id: 'b', shape: oneSlot, order: 2, gate: null }, pass, 0)).toMatchObject({
      code: 'behind-in-queue',
      position: 2,
    });
  });

  it('says when a retried job is tried again', () => {
    const reason = explainWait(
      { id: 'a', shape: oneSlot, order: 1, gate: { code: 'retry-backoff', until: 3_000 } },
      snapshot([], [busy]),
      1_000,
    );
    expect(reason).toMatchObject({ code: 'retry-backoff', message: 'It is tried again in 2 s.' });
  });
});

describe('the hand-off', () => {
  const running = (devices: string[], change: Partial<PlacedAttempt> = {}): PlacedAttempt => ({
    jobId: 'running',
    attempt: 3,
    order: 0,
    shape: { ...oneSlot, devices: devices.length },
    devices,
    waiting: null,
    ...change,
  });
  const node = (id: string, slots: number, attempts: readonly PlacedAttempt[], refuses: WaitCode | null = null) =>
    nodeSnapshot({ id, description: aNode(id, { cpu: slots }).description, refuses }, attempts);
  const waiting = { count: 1, pool: ['cpu-0'], isRevoking: false };

  it('assigns the next job behind the running one, and one more', () => {
    const pass = snapshot(
      ['a', 'b', 'c'].map((id) => [id, oneSlot] as const),
      [node('n', 1, [running(['cpu-0'])])],
    );
    const { starts, blocked } = schedule(pass);
    const ahead = [{ jobId: 'running', attempt: 3 }];
    expect(starts).toEqual([
      { jobId: 'a', nodeId: 'n', devices: [], behind: { count: 1, pool: ['cpu-0'], predecessors: ahead } },
      {
        jobId: 'b',
        nodeId: 'n',
        devices: [],
        behind: { count: 1, pool: ['cpu-0'], predecessors: [...ahead, { jobId: 'a', attempt: 1 }] },
      },
    ]);
    expect([...blocked.values()]).toEqual(['devices-busy']);
  });

  it('lets a job of several devices keep what is free and wait for the rest', () => {
    const pass = snapshot([['two', { ...oneSlot, devices: 2 }]], [node('n', 2, [running(['cpu-0'])])]);
    expect(schedule(pass).starts).toMatchObject([
      { jobId: 'two', devices: ['cpu-1'], behind: { count: 1, pool: ['cpu-0'] } },
    ]);
  });

  it('gives a device that has just come free to nobody but the first in line', () => {
    const line = [running([], { jobId: 'first', shape: oneSlot, waiting })];
    const pass = snapshot([['later', oneSlot]], [node('n', 1, line)]);
    expect(started(pass)).toEqual([]);
  });

  it('calls a waiting attempt back when a device is free elsewhere, and keeps the device for it', () => {
    const line = [running(['cpu-0']), running([], { jobId: 'waits', order: 1, shape: oneSlot, waiting })];
    const pass = snapshot([['later', oneSlot]], [node('n', 1, line), node('m', 1, [])]);
    const { revocations, starts } = schedule(pass);
    expect(revocations).toMatchObject([{ jobId: 'waits', nodeId: 'n' }]);
    expect(starts.filter((start) => start.nodeId === 'm' && start.behind === undefined)).toEqual([]);
    const asked = line.map((one) => (one.waiting ? { ...one, waiting: { ...waiting, isRevoking: true } } : one));
    expect(schedule(snapshot([], [node('n', 1, asked), node('m', 1, [])])).revocations).toEqual([]);
  });

  it('calls waiting attempts back from a node that takes no jobs any more, and assigns none behind its jobs', () => {
    const line = [running(['cpu-0']), running([], { jobId: 'waits', order: 1, shape: oneSlot, waiting })];
    const pass = snapshot([['later', oneSlot]], [node('n', 1, line, 'node-cordoned')]);
    expect(schedule(pass)).toMatchObject({ revocations: [{ jobId: 'waits' }], starts: [] });
  });

  it('leaves the line of a node alone that is only not heard', () => {
    const line = [running(['cpu-0']), running([], { jobId: 'waits', order: 1, shape: oneSlot, waiting })];
    expect(schedule(snapshot([], [node('n', 1, line, 'node-unreachable')]))).toMatchObject({ revocations: [] });
  });

  it('does not give out a device that is out of service', () => {
    const { description } = aNode('n', { cpu: 1 });
    const devices = description.devices.map((device) => ({ ...device, fault: 'fell off the bus' }));
    const sick = nodeSnapshot({ id: 'n', description: { ...description, devices }, refuses: null }, []);
    expect(schedule(snapshot([['a', oneSlot]], [sick])).starts).toEqual([]);
  });
});
