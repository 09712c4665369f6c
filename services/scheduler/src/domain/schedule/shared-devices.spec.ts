// Parts of devices: who shares with whom, where, and what never happens whatever comes.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anAsk, anAttempt, anEngineNode, gpus } from '../../testing/cluster-builders.ts';
import { EngineHistory, POLICIES, steps } from '../../testing/engine-history.ts';
import { SHARED } from '../../testing/engine-stock.ts';
import type { Ask } from './ask.ts';
import { Cluster } from './cluster.ts';
import type { Booking, EngineNode } from './engine-model.ts';

const part = (twentieths: number) => gpus(1, { twentieths });
const [half, most] = [part(10), part(15)];
const sharing = (id: string, gpu: number, jobsPerDevice = 4): EngineNode => ({
  ...anEngineNode(id, { gpu }),
  jobsPerDevice,
});

function clusterOf(...nodes: readonly EngineNode[]): Cluster {
  const cluster = new Cluster({ placement: 'pack', defaultLimitMs: 1_000 });
  for (const node of nodes) cluster.putNode(node);
  return cluster;
}

const find = (cluster: Cluster, ask: Ask, now = 0) => {
  const found = cluster.find(ask, now);
  return 'places' in found
    ? found.places.map(({ nodeId, devices }) => `${nodeId}/${devices.join()}`).join()
    : found.code;
};

function start(cluster: Cluster, ask: Ask, now = 0): string {
  const found = cluster.find(ask, now);
  if (!('places' in found)) throw new Error(`${ask.jobId}: ${found.code}`);
  cluster.put(anAttempt(ask, found.places, { since: now }));
  return found.places.map(({ nodeId, devices }) => `${nodeId}/${devices.join()}`).join();
}

describe('a part of a device', () => {
  it('is had only where the node lets jobs share, and whole jobs are as before', () => {
    const cluster = clusterOf(anEngineNode('a', { gpu: 2 }));
    expect(find(cluster, anAsk('x', half))).toBe('no-node');
    expect(cluster.whyNever(half)?.issues).toEqual([
      { pointer: '/resources', detail: 'node a: it lets no jobs share a device' },
    ]);
    cluster.putNode(sharing('a', 2));
    expect(start(cluster, anAsk('x', half))).toBe('a/gpu-0');
    expect(start(cluster, anAsk('y', gpus(1)))).toBe('a/gpu-1');
  });

  it('is taken of the fullest device on which it fits, of a free one only where there is none', () => {
    const cluster = clusterOf(sharing('a', 2), sharing('b', 1));
    expect(start(cluster, anAsk('x', part(4)))).toBe('b/gpu-0');
    expect(start(cluster, anAsk('y', most))).toBe('b/gpu-0');
    expect(start(cluster, anAsk('z', half))).toBe('a/gpu-0');
    expect(start(cluster, anAsk('v', part(1)))).toBe('b/gpu-0');
    expect(start(cluster, anAsk('w', part(1)))).toBe('a/gpu-0');
  });

  it('is never more than what is left, nor of a device that as many share as may', () => {
    const cluster = clusterOf(sharing('a', 1, 3));
    start(cluster, anAsk('x', half));
    expect(find(cluster, anAsk('y', most))).toBe('devices-busy');
    start(cluster, anAsk('y', part(1)));
    start(cluster, anAsk('z', part(1)));
    expect(find(cluster, anAsk('w', part(1)))).toBe('devices-busy');
    expect(cluster.whyNot(anAsk('w', part(1)), 0)).toEqual([
      { nodeId: 'a', code: 'devices-busy', heldBy: ['z', 'x', 'y'], lacks: [] },
    ]);
    cluster.drop('y');
    expect(find(cluster, anAsk('w', half))).toBe('devices-busy');
    expect(find(cluster, anAsk('w', part(9)))).toBe('a/gpu-0');
  });

  it('is of no device that one job has whole, and a whole one waits until all parts are gone', () => {
    const cluster = clusterOf(sharing('a', 1));
    start(cluster, anAsk('x', half));
    start(cluster, anAsk('y', half, { limitMs: 60 }));
    expect(find(cluster, anAsk('all', gpus(1)))).toBe('devices-busy');
    expect(cluster.earliest(anAsk('all', gpus(1)), 0)).toEqual({ nodeIds: ['a'], at: 100 });
    expect(cluster.earliest(anAsk('z', half), 0)).toEqual({ nodeIds: ['a'], at: 60 });
    cluster.drop('x');
    expect(find(cluster, anAsk('all', gpus(1)))).toBe('devices-busy');
    cluster.drop('y');
    start(cluster, anAsk('all', gpus(1)));
    expect(find(cluster, anAsk('x', half))).toBe('devices-busy');
  });

  it('is beside no exclusive job', () => {
    const cluster = clusterOf(sharing('a', 2));
    start(cluster, anAsk('alone', gpus(1, { exclusive: true })));
    expect(find(cluster, anAsk('x', half))).toBe('devices-busy');
    cluster.drop('alone');
    start(cluster, anAsk('x', half));
    expect(find(cluster, anAsk('alone', gpus(1, { exclusive: true })))).toBe('devices-busy');
  });

  it('is waited for in no line, and nobody waits in one for a shared device', () => {
    const cluster = clusterOf(sharing('a', 2));
    start(cluster, anAsk('x', half));
    start(cluster, anAsk('y', gpus(1)));
    expect(cluster.line(anAsk('z', most), 0)).toBeNull();
    expect(cluster.line(anAsk('all', gpus(1)), 0)?.behind.pool).toEqual(['gpu-1']);
  });

  it('stays with those who have it when the node lets no more jobs share', () => {
    const cluster = clusterOf(sharing('a', 1));
    start(cluster, anAsk('x', half));
    cluster.putNode(sharing('a', 1, 1));
    expect(find(cluster, anAsk('y', half))).toBe('no-node');
    expect(cluster.sharers('a').get('gpu-0')).toEqual([{ jobId: 'x', twentieths: 10 }]);
    expect(find(cluster, anAsk('all', gpus(1)))).toBe('devices-busy');
    cluster.drop('x');
    expect(find(cluster, anAsk('all', gpus(1)))).toBe('a/gpu-0');
  });

  it('keeps no device from whom it was promised to, and is had beside others where that delays nobody', () => {
    const cluster = clusterOf(sharing('a', 2));
    start(cluster, anAsk('x', half, { limitMs: 200 }));
    start(cluster, anAsk('y', gpus(1), { limitMs: 50 }));
    const all = anAsk('all', gpus(1), { limitMs: 100 });
    const promise = cluster.earliest(all, 0);
    expect(promise).toEqual({ nodeIds: ['a'], at: 50 });
    if (promise) cluster.promise(all, promise);
    expect(start(cluster, anAsk('beside', part(5), { limitMs: 500 }))).toBe('a/gpu-0');
    expect(cluster.keeps('all', 0)).toBe(true);
    const both = anAsk('both', gpus(2), { limitMs: 100 });
    cluster.forget('all');
    const later = cluster.earliest(both, 0);
    expect(later?.at).toBe(500);
    if (later) cluster.promise(both, later);
    expect(find(cluster, anAsk('longer', part(5), { limitMs: 501 }))).toBe('reserved');
    expect(find(cluster, anAsk('shorter', part(5), { limitMs: 499 }))).toBe('a/gpu-0');
  });

  it('is taken of no device that is booked for others before it ends', () => {
    const cluster = clusterOf(sharing('a', 2));
    const booking: Booking = {
      id: 'bkg',
      nodeId: 'a',
      devices: ['gpu-0'],
      from: 50,
      until: 90,
      userIds: [],
      groupIds: [],
    };
    start(cluster, anAsk('x', half, { limitMs: 20 }));
    cluster.setBookings([booking]);
    expect(find(cluster, anAsk('y', half))).toBe('a/gpu-1');
    expect(find(cluster, anAsk('y', half, { limitMs: 40 }))).toBe('a/gpu-0');
  });
});

describe('where most jobs ask for parts', () => {
  const SOME = ['usual', 'first', 'fifo', 'spread', 'quotas', 'byOrder', 'byOrderWithQuotas'] as const;
  const entries = SOME.map((name) => [name, POLICIES[name]] as const);
  const timeout = 60_000;

  it.each(entries)(
    'no device is given for more than it is, through every change, and plans are repeatable: %s (property)',
    { timeout },
    (_, policy) => {
      fc.assert(
        fc.property(steps('wild', ['normal', 'normal', 'scavenger', 'urgent']), (drawn) => {
          const history = new EngineHistory(policy, [policy, ...Object.values(POLICIES)], SHARED);
          for (const step of drawn) history.do(step);
          expect(history.faults.filter((fault) => !/promise|starve|in vain/.test(fault))).toEqual([]);
        }),
        { numRuns: 3, endOnFailure: true },
      );
    },
  );

  it.each(entries.filter(([, { preemption }]) => preemption.by === 'class'))(
    'a promised start never moves later, and every job comes to its end: %s (property)',
    { timeout },
    (_, policy) => {
      fc.assert(
        fc.property(steps('calm'), (drawn) => {
          const fitsQuota = policy.quotas.length === 0;
          const history = new EngineHistory(policy, [policy], SHARED);
          const { world, promisedBy } = history;
          for (const step of drawn) {
            history.do(step);
            expect(history.faults.filter((fault) => fitsQuota || !fault.includes('starve'))).toEqual([]);
            expect([...promisedBy].filter(([id, at]) => world.queued.has(id) && at < world.now)).toEqual([]);
          }
          expect(!fitsQuota || history.drain(4 * 3_600_000)).toBe(true);
        }),
        { numRuns: 3, endOnFailure: true },
      );
    },
  );
});
