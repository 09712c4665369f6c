// Jobs on several nodes in a plan: all of their nodes or none, each with its devices, and nothing kept that is of no use.
import { DEFAULT_POLICY, type Policy } from '@baton/contracts';
import { describe, expect, it } from 'vitest';
import { anAsk, anAttempt, anEngineNode, ONE_SLOT } from '../../testing/cluster-builders.ts';
import { aWaitingJob } from '../../testing/queue-builders.ts';
import type { EngineNode, EngineShape } from './engine-model.ts';
import { Engine } from './engine.ts';
import { explainWait } from './explain.ts';

const FIFO: Policy = {
  ...DEFAULT_POLICY,
  order: 'fifo',
  backfill: { ...DEFAULT_POLICY.backfill, enabled: false },
  handOff: { enabled: false },
};
const gang = (nodes: number, devices = 1): EngineShape => ({ ...ONE_SLOT, nodes, devices });
const node = (id: string, cpu: number) => anEngineNode(id, { cpu }, { address: `${id}.lab` });

function engineOf(nodes: readonly EngineNode[], shapes: readonly EngineShape[]): Engine {
  const engine = new Engine(FIFO);
  for (const each of nodes) engine.putNode(each);
  for (const [index, shape] of shapes.entries()) engine.queue(aWaitingJob(index + 1, { id: `j${index}`, shape }));
  return engine;
}

describe('a job on several nodes', () => {
  it('gets them all at once, each with its devices, with their names and addresses', () => {
    const ranks = ['m', 'n'].map((id) => ({ nodeId: id, name: id, address: `${id}.lab`, devices: ['cpu-0', 'cpu-1'] }));
    const { starts } = engineOf([node('n', 2), node('m', 3)], [gang(2, 2)]).plan(0);
    expect(starts).toEqual([{ jobId: 'j0', nodeId: 'm', devices: ['cpu-0', 'cpu-1'], ranks }]);
  });

  it('gets none while one of them is busy, and without backfill what is free is kept for it', () => {
    const engine = engineOf([node('n', 1), node('m', 1)], [gang(2), ONE_SLOT]);
    engine.place(anAttempt(anAsk('running', ONE_SLOT), [{ nodeId: 'm', devices: ['cpu-0'] }]));
    const { starts, blocked } = engine.plan(0);
    expect([starts, [...blocked]]).toEqual([[], [['j0', 'devices-busy']]]);
    expect(explainWait('j0', engine, { gate: null, now: 0 }).message).toBe('It waits for devices on 2 nodes at once.');
  });

  it('never has two ranks on one node', () => {
    const { starts, blocked } = engineOf([node('n', 8)], [gang(2)]).plan(0);
    expect([starts, [...blocked.values()]]).toEqual([[], ['no-node']]);
  });

  it.each(['node-unreachable', 'node-cordoned'] as const)(
    'keeps nothing from others while one of its nodes refuses: %s',
    (refuses) => {
      const engine = engineOf([node('n', 1), { ...node('m', 1), refuses }], [gang(2), ONE_SLOT]);
      const { starts, blocked } = engine.plan(0);
      expect(starts.map(({ jobId }) => jobId)).toEqual(['j1']);
      expect(blocked.get('j0')).toBe(refuses);
    },
  );
});
