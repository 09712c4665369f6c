// Promised starts: when they are, who is kept out by them, and how a line stands with them.
import { describe, expect, it } from 'vitest';
import { anAsk, anAttempt, anEngineNode, gpus } from '../../testing/cluster-builders.ts';
import { Cluster } from './cluster.ts';

function busyCluster(): Cluster {
  const cluster = new Cluster({ placement: 'pack', defaultLimitMs: 1_000 });
  cluster.putNode(anEngineNode('a', { gpu: 4 }));
  cluster.putNode(anEngineNode('b', { gpu: 4 }));
  cluster.put(anAttempt(anAsk('long', gpus(3)), [{ nodeId: 'a', devices: ['gpu-0', 'gpu-1', 'gpu-2'] }]));
  const short = anAsk('short', gpus(3), { limitMs: 30, graceMs: 5 });
  cluster.put(anAttempt(short, [{ nodeId: 'b', devices: ['gpu-0', 'gpu-1', 'gpu-2'] }]));
  return cluster;
}
const whole = anAsk('whole', gpus(4));

describe('earliest', () => {
  it('is when enough devices are free by the limits and graces of what runs', () => {
    const cluster = busyCluster();
    expect(cluster.earliest(whole, 10)).toEqual({ nodeIds: ['b'], at: 35 });
    expect(cluster.earliest(anAsk('one', gpus(1)), 10)).toEqual({ nodeIds: ['a'], at: 10 });
    expect(cluster.earliest(anAsk('gang', gpus(4, { nodes: 2 })), 10)).toEqual({ nodeIds: ['a', 'b'], at: 100 });
  });

  it('takes the default for a job without a limit, and one more grace for one past its limit', () => {
    const cluster = busyCluster();
    const endless = anAttempt(anAsk('short', gpus(3), { graceMs: 5 }), [{ nodeId: 'b', devices: ['gpu-0'] }]);
    cluster.put({ ...endless, job: { ...endless.job, limitMs: null } });
    expect(cluster.earliest(whole, 10)).toEqual({ nodeIds: ['a'], at: 100 });
    expect(cluster.earliest({ ...whole, shape: gpus(4, { nodeId: 'b' }) }, 10)?.at).toBe(1_005);
    expect(cluster.earliest({ ...whole, shape: gpus(4, { nodeId: 'b' }) }, 2_000)?.at).toBe(2_005);
  });

  it('takes one that was asked to stop as gone after its grace', () => {
    const cluster = busyCluster();
    const long = anAttempt(anAsk('long', gpus(3), { graceMs: 5 }), [{ nodeId: 'a', devices: ['gpu-0'] }]);
    cluster.put({ ...long, isStopping: true, stoppingSince: 12 });
    expect(cluster.earliest(whole, 13)).toEqual({ nodeIds: ['a'], at: 17 });
  });

  it('fits into a gap before a promise if the limit allows it, and goes behind it if not', () => {
    const cluster = busyCluster();
    cluster.promise(whole, { nodeIds: ['b'], at: 60 });
    const two = anAsk('two', gpus(2, { nodeId: 'b' }), { limitMs: 25 });
    expect(cluster.earliest(two, 0)?.at).toBe(35);
    expect(cluster.earliest({ ...two, limitMs: 26 }, 0)?.at).toBe(160);
  });

  it('of a gang waits for a node that had room before and has none when the last one comes free', () => {
    const cluster = busyCluster();
    cluster.drop('short');
    cluster.promise(whole, { nodeIds: ['b'], at: 90 });
    expect(cluster.earliest(anAsk('gang', gpus(4, { nodes: 2 })), 0)).toEqual({ nodeIds: ['a', 'b'], at: 190 });
  });
});

describe('a promise', () => {
  it('keeps out who would still run at its time, of the same class or a lower one', () => {
    const cluster = busyCluster();
    cluster.promise(whole, { nodeIds: ['b'], at: 35 });
    const one = anAsk('one', gpus(1, { nodeId: 'b' }), { limitMs: 30, graceMs: 5 });
    expect(cluster.find(one, 0)).toEqual({ places: [{ nodeId: 'b', devices: ['gpu-3'] }] });
    expect(cluster.find(one, 1)).toEqual({ code: 'reserved' });
    expect(cluster.find({ ...one, priority: -1 }, 1)).toEqual({ code: 'reserved' });
    expect(cluster.whyNot(one, 1)).toContainEqual({ nodeId: 'b', code: 'reserved', heldBy: ['whole'], lacks: [] });
    expect(cluster.find({ ...one, priority: 1 }, 1)).toMatchObject({ places: [{ nodeId: 'b' }] });
    cluster.forget('whole');
    expect(cluster.find(one, 1)).toMatchObject({ places: [{ nodeId: 'b' }] });
  });

  it('does not stand in the way of its own job', () => {
    const cluster = busyCluster();
    cluster.promise(whole, { nodeIds: ['b'], at: 35 });
    cluster.drop('short');
    expect(cluster.find(whole, 20)).toMatchObject({ places: [{ nodeId: 'b' }] });
    cluster.put(anAttempt(whole, [{ nodeId: 'b', devices: ['gpu-0', 'gpu-1', 'gpu-2', 'gpu-3'] }]));
    expect(cluster.promised('whole')).toBeNull();
  });

  it('counts memory and CPUs beside devices', () => {
    const cluster = busyCluster();
    cluster.promise(anAsk('hungry', gpus(1, { cpus: 7 })), { nodeIds: ['b'], at: 50 });
    const one = anAsk('one', gpus(1, { cpus: 2, nodeId: 'b' }), { limitMs: 50 });
    expect(cluster.find(one, 0)).toMatchObject({ places: [{ nodeId: 'b' }] });
    expect(cluster.find(one, 1)).toEqual({ code: 'reserved' });
    expect(cluster.find({ ...one, shape: gpus(1, { cpus: 1, nodeId: 'b' }) }, 1)).toMatchObject({ places: [{}] });
  });

  it('is known to be broken when its node is lost or a device fails', () => {
    const cluster = busyCluster();
    cluster.promise(whole, { nodeIds: ['b'], at: 35 });
    expect(cluster.keeps('whole', 10)).toBe(true);
    const node = anEngineNode('b', { gpu: 4 });
    const devices = node.description.devices.map((device) => (device.index === 3 ? { ...device, fault: 'x' } : device));
    cluster.putNode({ ...node, description: { ...node.description, devices } });
    expect(cluster.keeps('whole', 10)).toBe(false);
    expect(cluster.find(anAsk('one', gpus(1, { nodeId: 'b' })), 10)).toEqual({ code: 'devices-busy' });
    cluster.putNode({ ...node, refuses: 'node-unreachable' });
    expect(cluster.keeps('whole', 10)).toBe(false);
    cluster.putNode(node);
    expect(cluster.keeps('whole', 10)).toBe(true);
  });

  it('of two that are due and cannot both be kept lets the first that asks start', () => {
    const cluster = new Cluster({ placement: 'pack', defaultLimitMs: 1_000 });
    cluster.putNode(anEngineNode('a', { gpu: 2 }));
    const [one, other] = [anAsk('one', gpus(2)), anAsk('other', gpus(2))];
    for (const ask of [one, other]) cluster.promise(ask, { nodeIds: ['a'], at: 10 });
    expect(cluster.find(one, 9)).toEqual({ code: 'reserved' });
    expect(cluster.find(anAsk('third', gpus(1)), 10)).toEqual({ code: 'reserved' });
    expect(cluster.find(other, 10)).toMatchObject({ places: [{ nodeId: 'a' }] });
  });
});

describe('a line', () => {
  it('is the shortest with room, and has one promise for each device and one to spare', () => {
    const cluster = new Cluster({ placement: 'pack', defaultLimitMs: 1_000 });
    cluster.putNode(anEngineNode('a', { gpu: 1 }));
    cluster.putNode(anEngineNode('b', { gpu: 1 }));
    for (const nodeId of ['a', 'b'])
      cluster.put(anAttempt(anAsk(`on-${nodeId}`, gpus(1)), [{ nodeId, devices: ['gpu-0'] }]));
    const joined: (string | undefined)[] = [];
    for (let index = 1; index <= 5; index += 1) {
      const ask = anAsk(`job-${index}`, gpus(1));
      const line = cluster.line(ask, 0);
      joined.push(line?.nodeId);
      if (!line) continue;
      const waiting = { count: 1, pool: line.behind.pool, isRevoking: false };
      cluster.put(anAttempt(ask, [line], { since: null, waiting, placedAt: index }));
    }
    expect(joined).toEqual(['a', 'b', 'a', 'b', undefined]);
  });

  it('of a job of several devices is behind one that has used most of its limit, and holds no device idle', () => {
    const cluster = busyCluster();
    const two = anAsk('two', gpus(2, { nodeId: 'b' }));
    expect(cluster.line(two, 0)).toBeNull();
    expect(cluster.line(two, 26)).toBeNull();
    expect(cluster.line(two, 27)).toEqual({
      nodeId: 'b',
      devices: [],
      behind: { count: 2, pool: ['gpu-0', 'gpu-1', 'gpu-2'], predecessors: [{ jobId: 'short', attempt: 1 }] },
    });
    expect(cluster.line({ ...two, shape: gpus(4, { nodeId: 'b' }) }, 27)).toBeNull();
  });

  it('for one device takes none for which a job of several stands in line', () => {
    const cluster = busyCluster();
    cluster.put(anAttempt(anAsk('one', gpus(1)), [{ nodeId: 'b', devices: ['gpu-3'] }]));
    const waiting = { count: 2, pool: ['gpu-0', 'gpu-1', 'gpu-2'], isRevoking: false };
    const next = anAttempt(anAsk('two', gpus(2)), [{ nodeId: 'b', devices: [] }], {
      since: null,
      waiting,
      placedAt: 1,
    });
    cluster.put(next);
    expect(cluster.line(anAsk('x', gpus(1, { nodeId: 'b' })), 27)?.behind).toEqual({
      count: 1,
      pool: ['gpu-3'],
      predecessors: [{ jobId: 'one', attempt: 1 }],
    });
  });

  it('is refused beside those who wait for several devices to whom it is refused alone, for want of CPUs', () => {
    const cluster = new Cluster({ placement: 'pack', defaultLimitMs: 1_000 });
    cluster.putNode(anEngineNode('a', { gpu: 4 }));
    const runs = (id: string, devices: string[], cpus: number) =>
      cluster.put(anAttempt(anAsk(id, gpus(devices.length, { cpus })), [{ nodeId: 'a', devices }]));
    runs('pair', ['gpu-2', 'gpu-3'], 0);
    runs('one', ['gpu-0'], 3);
    runs('other', ['gpu-1'], 3);
    const lines = (cpus: number) => {
      const ask = anAsk('next', gpus(1, { cpus }));
      return [cluster.line(ask, 0, cluster.widthsAhead([gpus(2)])), cluster.line(ask, 0)];
    };
    // Behind the pair it would need 3 CPUs beside those of both others.
    expect(lines(3)).toEqual([null, null]);
    expect(lines(2)).toMatchObject([{ behind: { pool: ['gpu-0', 'gpu-1'] } }, { behind: { pool: { length: 4 } } }]);
  });

  it('is joined by nobody who would delay a promise, nor later than the job was promised itself', () => {
    const cluster = busyCluster();
    cluster.promise(whole, { nodeIds: ['b'], at: 60 });
    const two = anAsk('two', gpus(2, { nodeId: 'b' }), { limitMs: 25 });
    expect(cluster.line(two, 27)?.nodeId).toBe('b');
    expect(cluster.line({ ...two, limitMs: 26 }, 27)).toBeNull();
    cluster.forget('whole');
    const three = anAsk('three', gpus(3, { nodeId: 'b' }));
    cluster.promise(three, { nodeIds: ['b'], at: 35 });
    expect(cluster.line(three, 27)?.nodeId).toBe('b');
    cluster.promise(three, { nodeIds: ['b'], at: 34 });
    expect(cluster.line(three, 27)).toBeNull();
  });

  it('is foreseen one after the other, each taking what those before it leave', () => {
    const cluster = busyCluster();
    const [first, second] = [anAsk('first', gpus(2)), anAsk('second', gpus(4))];
    const pool = ['gpu-0', 'gpu-1', 'gpu-2'];
    const inLine = { count: 1, pool, isRevoking: false };
    const devices = ['gpu-3'];
    cluster.put(anAttempt(first, [{ nodeId: 'b', devices }], { since: null, waiting: inLine, placedAt: 1 }));
    const waiting = { count: 4, pool: [...pool, 'gpu-3'], isRevoking: false };
    cluster.put(anAttempt(second, [{ nodeId: 'b', devices: [] }], { since: null, waiting, placedAt: 2 }));
    // The short one ends at 35, the first at 135, the second at 235.
    expect(cluster.earliest(anAsk('x', gpus(1, { nodeId: 'b' })), 0)?.at).toBe(235);
  });

  it('keeps what came free for who is first in it', () => {
    const cluster = busyCluster();
    const ask = anAsk('next', gpus(2, { nodeId: 'b' }));
    const waiting = { count: 1, pool: ['gpu-0', 'gpu-1', 'gpu-2'], isRevoking: false };
    cluster.put(anAttempt(ask, [{ nodeId: 'b', devices: ['gpu-3'] }], { since: null, waiting, placedAt: 1 }));
    cluster.drop('short');
    expect([...cluster.held('b')]).toEqual([
      ['gpu-3', 'next'],
      ['gpu-0', 'next'],
    ]);
    expect(cluster.find(anAsk('x', gpus(2, { nodeId: 'b' })), 0)).toMatchObject({ places: [{ nodeId: 'b' }] });
    expect(cluster.find(anAsk('x', gpus(3, { nodeId: 'b' })), 0)).toEqual({ code: 'devices-busy' });
  });

  it('counts for its CPUs only what the smallest ahead will not give back', () => {
    const cluster = new Cluster({ placement: 'pack', defaultLimitMs: 1_000 });
    cluster.putNode(anEngineNode('a', { gpu: 2 }));
    cluster.put(anAttempt(anAsk('runs', gpus(1, { cpus: 4 })), [{ nodeId: 'a', devices: ['gpu-0'] }]));
    const waiting = { count: 1, pool: ['gpu-0'], isRevoking: false };
    cluster.put(
      anAttempt(anAsk('next', gpus(1, { cpus: 6 })), [{ nodeId: 'a', devices: [] }], { since: null, waiting }),
    );
    expect(cluster.find(anAsk('x', gpus(1, { cpus: 2 })), 0)).toMatchObject({ places: [{ nodeId: 'a' }] });
    expect(cluster.find(anAsk('x', gpus(1, { cpus: 3 })), 0)).toEqual({ code: 'cpus-busy' });
  });
});
