// Where a job can start: placement, what keeps it out, and why, node by node.
import { describe, expect, it } from 'vitest';
import { anAsk, anAttempt, anEngineNode, gpus, ONE_SLOT } from '../../testing/cluster-builders.ts';
import { aDescription } from '../../testing/job-builders.ts';
import type { Ask } from './ask.ts';
import { Cluster } from './cluster.ts';
import type { Booking, EngineNode } from './engine-model.ts';

function clusterOf(nodes: readonly EngineNode[], placement: 'pack' | 'spread' = 'pack'): Cluster {
  const cluster = new Cluster({ placement, defaultLimitMs: 1_000 });
  for (const node of nodes) cluster.putNode(node);
  return cluster;
}

function start(cluster: Cluster, ask: Ask, now = 0): void {
  const found = cluster.find(ask, now);
  if (!('places' in found)) throw new Error(`${ask.jobId}: ${found.code}`);
  cluster.put(anAttempt(ask, found.places, { since: now }));
}

const nodesOf = (cluster: Cluster, ask: Ask, now = 0) => {
  const found = cluster.find(ask, now);
  return 'places' in found ? found.places.map(({ nodeId }) => nodeId) : found.code;
};

describe('placement', () => {
  const nodes = [anEngineNode('a', { gpu: 4 }), anEngineNode('b', { gpu: 4 }), anEngineNode('c', { gpu: 2 })];

  it('packs: the node on which fewest devices stay free, and of equals the broken one', () => {
    const cluster = clusterOf(nodes);
    expect(nodesOf(cluster, anAsk('x', gpus(1)))).toEqual(['c']);
    start(cluster, anAsk('two', gpus(2, { nodeId: 'b' })));
    expect(nodesOf(cluster, anAsk('x', gpus(1)))).toEqual(['b']);
    expect(nodesOf(cluster, anAsk('x', gpus(3)))).toEqual(['a']);
  });

  it('spreads: the node with most free', () => {
    const cluster = clusterOf(nodes, 'spread');
    start(cluster, anAsk('one', gpus(1)));
    expect(cluster.held('a').size).toBe(1);
    expect(nodesOf(cluster, anAsk('x', gpus(1)))).toEqual(['b']);
  });

  it('takes nodes with more of the preferred labels first, and others if there are none', () => {
    const [a, b] = [anEngineNode('a', { gpu: 2 }), anEngineNode('b', { gpu: 2 }, { labels: { disk: 'fast' } })];
    const ask = anAsk('x', gpus(2, { preferredLabels: { disk: 'fast' } }));
    const cluster = clusterOf([a, b]);
    start(cluster, ask);
    expect(cluster.held('b').size).toBe(2);
    expect(nodesOf(cluster, { ...ask, jobId: 'y' })).toEqual(['a']);
  });

  it('keeps to the GPU model, in any case, to its memory, and to required labels', () => {
    const gpuNode = (id: string, model: string, memoryBytes: number, labels = {}) => {
      const node = anEngineNode(id, { gpu: 2 }, { labels });
      const devices = node.description.devices.map((device) => ({ ...device, model, memoryBytes }));
      return { ...node, description: { ...node.description, devices } };
    };
    const cluster = clusterOf([
      gpuNode('a', 'NVIDIA A100-SXM4-40GB', 40),
      gpuNode('b', 'NVIDIA A100-SXM4-80GB', 80),
      gpuNode('c', 'NVIDIA H100', 80, { room: '2' }),
    ]);
    expect(nodesOf(cluster, anAsk('x', gpus(1, { gpuModel: 'h100' })))).toEqual(['c']);
    expect(nodesOf(cluster, anAsk('x', gpus(1, { gpuMemoryBytes: 80, gpuModel: 'A100' })))).toEqual(['b']);
    expect(nodesOf(cluster, anAsk('x', gpus(1, { requiredLabels: { room: '2' } })))).toEqual(['c']);
    expect(nodesOf(cluster, anAsk('x', gpus(1, { requiredLabels: { room: '3' } })))).toBe('no-node');
    const never = cluster.whyNever(
      gpus(1, { gpuModel: 'H100', gpuMemoryBytes: 2 ** 40, requiredLabels: { room: '3' } }),
    );
    expect(never?.issues.map(({ detail }) => detail)).toEqual([
      'node a: it has 0 GPUs of model H100 with 1024.0 GiB of memory, 1 asked, it has no label room, room=3 required',
      'node b: it has 0 GPUs of model H100 with 1024.0 GiB of memory, 1 asked, it has no label room, room=3 required',
      'node c: it has 0 GPUs of model H100 with 1024.0 GiB of memory, 1 asked, it has the label room=2, room=3 required',
    ]);
  });

  it('takes among the devices of a node those with the least memory that suffice', () => {
    const node = anEngineNode('a', { gpu: 2 });
    const devices = node.description.devices.map((device) => ({
      ...device,
      memoryBytes: device.index === 0 ? 80 : 40,
    }));
    const cluster = clusterOf([{ ...node, description: { ...node.description, devices } }]);
    expect(cluster.find(anAsk('x', gpus(1)), 0)).toEqual({ places: [{ nodeId: 'a', devices: ['gpu-1'] }] });
  });

  it('gives an exclusive job an empty node, all of which it keeps', () => {
    const cluster = clusterOf([anEngineNode('a', { gpu: 2, cpu: 2 }), anEngineNode('b', { gpu: 2, cpu: 2 })]);
    start(cluster, anAsk('small', { ...ONE_SLOT, nodeId: 'a' }));
    start(cluster, anAsk('alone', gpus(1, { exclusive: true })));
    expect([...cluster.held('b').values()]).toEqual(['alone', 'alone', 'alone', 'alone']);
    expect(nodesOf(cluster, anAsk('x', { ...ONE_SLOT, nodeId: 'b' }))).toBe('devices-busy');
    expect(cluster.line(anAsk('x', gpus(1, { nodeId: 'b' })), 0)).toBeNull();
    expect(nodesOf(cluster, anAsk('y', gpus(1, { exclusive: true })))).toBe('devices-busy');
  });

  it('gives a gang all its nodes or none', () => {
    const cluster = clusterOf(nodes);
    const gang = anAsk('gang', gpus(4, { nodes: 2 }));
    expect(nodesOf(cluster, gang)).toEqual(['a', 'b']);
    start(cluster, anAsk('one', gpus(3)));
    expect(nodesOf(cluster, gang)).toBe('devices-busy');
    expect(nodesOf(cluster, anAsk('x', gpus(1, { nodes: 4 })))).toBe('no-node');
    expect(nodesOf(cluster, anAsk('x', gpus(1, { nodes: 3 })))).toEqual(['a', 'b', 'c']);
  });

  it('gives the devices of one rank free while the others go on', () => {
    const cluster = clusterOf(nodes);
    start(cluster, anAsk('gang', gpus(4, { nodes: 2 })));
    cluster.dropPart('gang', 'a');
    expect([cluster.held('a').size, cluster.held('b').size]).toEqual([0, 4]);
    cluster.dropPart('gang', 'b');
    expect(cluster.held('b').size).toBe(0);
  });
});

describe('why not', () => {
  it('says what lacks where devices are free', () => {
    const cluster = clusterOf([anEngineNode('a', { gpu: 4 })]);
    start(cluster, anAsk('x', gpus(1, { cpus: 6 })));
    expect(nodesOf(cluster, anAsk('y', gpus(1, { cpus: 4 })))).toBe('cpus-busy');
    expect(cluster.whyNot(anAsk('y', gpus(1, { cpus: 4 })), 0)).toEqual([
      { nodeId: 'a', code: 'cpus-busy', heldBy: ['x'], lacks: [] },
    ]);
  });

  it('tells what each node lacks, who holds it, and what is out of service', () => {
    const broken = aDescription('c', { gpu: 2 });
    const devices = broken.devices.map((device) => ({ ...device, fault: 'fell off the bus' }));
    const cluster = clusterOf([
      anEngineNode('a', { gpu: 1 }),
      anEngineNode('b', { gpu: 2 }),
      { id: 'c', description: { ...broken, devices }, refuses: null },
      { ...anEngineNode('d', { gpu: 2 }), refuses: 'node-cordoned' },
    ]);
    start(cluster, anAsk('x', gpus(2)));
    expect(cluster.whyNot(anAsk('y', gpus(2)), 0)).toEqual([
      { nodeId: 'a', code: 'no-node', heldBy: [], lacks: ['it has 1 GPUs, 2 asked'] },
      { nodeId: 'b', code: 'devices-busy', heldBy: ['x'], lacks: [] },
      { nodeId: 'c', code: 'devices-busy', heldBy: [], lacks: ['2 of its 2 suitable devices are out of service'] },
      { nodeId: 'd', code: 'node-cordoned', heldBy: [], lacks: [] },
    ]);
  });

  it('tells a refusal of the nodes only where too few others could hold it', () => {
    const away: EngineNode = { ...anEngineNode('a', { gpu: 1 }), refuses: 'node-unreachable' };
    const cluster = clusterOf([away]);
    expect(nodesOf(cluster, anAsk('x', gpus(1)))).toBe('node-unreachable');
    expect(cluster.earliest(anAsk('x', gpus(1)), 0)).toBeNull();
    cluster.putNode(anEngineNode('b', { gpu: 1 }));
    start(cluster, anAsk('x', gpus(1)));
    expect(nodesOf(cluster, anAsk('y', gpus(1)))).toBe('devices-busy');
  });

  it('knows which shapes fit nowhere, until one comes free that could hold them', () => {
    const cluster = clusterOf([anEngineNode('a', { gpu: 2 }), anEngineNode('b', { gpu: 1 })]);
    const [one, two] = [gpus(1), gpus(2)];
    for (const id of ['x', 'y', 'z']) start(cluster, anAsk(id, one));
    for (const shape of [one, two]) cluster.find(anAsk('w', shape), 0);
    expect([cluster.isOpen(one), cluster.isOpen(two)]).toEqual([false, false]);
    cluster.drop('x');
    expect([cluster.isOpen(one), cluster.isOpen(two)]).toEqual([true, false]);
  });
});

describe('bookings', () => {
  const booking: Booking = {
    id: 'bkg',
    nodeId: 'a',
    devices: ['gpu-0'],
    from: 50,
    until: 90,
    userIds: ['usr_b'],
    groupIds: ['grp_c'],
  };
  const others = anAsk('x', gpus(2), { limitMs: 60 });

  it('lets nobody start into one but those for whom it was made, nor who will have ended before', () => {
    const cluster = clusterOf([anEngineNode('a', { gpu: 2 })]);
    cluster.setBookings([booking]);
    expect(nodesOf(cluster, others)).toBe('booked');
    expect(cluster.whyNot(others, 0)).toEqual([{ nodeId: 'a', code: 'booked', heldBy: [], lacks: [] }]);
    expect(nodesOf(cluster, { ...others, limitMs: 45, graceMs: 5 })).toEqual(['a']);
    expect(nodesOf(cluster, { ...others, limitMs: 45, graceMs: 6 })).toBe('booked');
    expect(nodesOf(cluster, { ...others, owner: { userId: 'usr_b', groupId: null } })).toEqual(['a']);
    expect(nodesOf(cluster, { ...others, owner: { userId: 'usr_a', groupId: 'grp_c' } })).toEqual(['a']);
    expect(cluster.find(anAsk('one', gpus(1)), 0)).toEqual({ places: [{ nodeId: 'a', devices: ['gpu-1'] }] });
    expect(cluster.earliest(others, 0)).toEqual({ nodeIds: ['a'], at: 90 });
    cluster.setBookings([]);
    expect(nodesOf(cluster, others)).toEqual(['a']);
  });

  it('keeps the devices of one out of a line whose end may come after its begin', () => {
    const cluster = clusterOf([anEngineNode('a', { gpu: 2 })]);
    start(cluster, anAsk('both', gpus(2), { limitMs: 40 }));
    cluster.setBookings([booking]);
    expect(cluster.line(anAsk('one', gpus(1), { limitMs: 60 }), 0)?.behind.pool).toEqual(['gpu-1']);
    expect(cluster.line(anAsk('one', gpus(1), { limitMs: 10 }), 0)?.behind.pool).toEqual(['gpu-0', 'gpu-1']);
    expect(cluster.line(others, 0)).toBeNull();
  });
});
