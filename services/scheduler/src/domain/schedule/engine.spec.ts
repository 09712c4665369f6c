// One plan: who starts where, who is passed over and why, who joins which line, and who is stopped for whom.
import { DEFAULT_POLICY, type NodeDescription, type Policy } from '@baton/contracts';
import { describe, expect, it } from 'vitest';
import { anEngineNode, gpus, ONE_SLOT } from '../../testing/cluster-builders.ts';
import { aWaitingJob } from '../../testing/queue-builders.ts';
import type { EngineNode, EngineShape, RunningAttempt, WaitingJob } from './engine-model.ts';
import { Engine } from './engine.ts';

const NO_LINES: Policy = { ...DEFAULT_POLICY, handOff: { enabled: false } };
const FIFO: Policy = { ...NO_LINES, order: 'fifo', backfill: { ...NO_LINES.backfill, enabled: false } };
const PROMISING: Policy = { ...NO_LINES, backfill: { ...NO_LINES.backfill, reserveFor: 'first' } };
const MINUTE = 60_000;

function engineOf(nodes: readonly EngineNode[], policy: Policy = NO_LINES): Engine {
  const engine = new Engine(policy);
  for (const node of nodes) engine.putNode(node);
  return engine;
}

/** In the order of submission. */
function queue(engine: Engine, shapes: Readonly<Record<string, EngineShape>>, change: Partial<WaitingJob> = {}): void {
  for (const [index, [id, shape]] of Object.entries(shapes).entries())
    engine.queue(aWaitingJob(index + 1, { id, shape, submittedAt: 0, ...change }));
}

function run(engine: Engine, nodeId: string, devices: readonly string[], change: Partial<WaitingJob> = {}) {
  const id = change.id ?? 'running';
  const deviceKind = devices[0]?.startsWith('gpu') ? ('gpu' as const) : ('cpu' as const);
  const job = aWaitingJob(0, { shape: { ...ONE_SLOT, deviceKind, devices: devices.length }, ...change, id });
  const attempt: RunningAttempt = {
    job,
    attempt: 3,
    placedAt: 0,
    parts: [{ nodeId, devices }],
    waiting: null,
    since: 0,
    graceMs: job.graceMs,
    isStopping: false,
  };
  engine.place(attempt);
  return attempt;
}

const started = (engine: Engine, now = 0) =>
  engine
    .plan(now)
    .starts.filter((start) => start.behind === undefined)
    .map(({ jobId, nodeId }) => `${jobId} on ${nodeId}`);
const blocked = (engine: Engine, now = 0) => Object.fromEntries(engine.plan(now).blocked);

describe('a plan', () => {
  it('starts the older of two jobs of one size first', () => {
    const engine = engineOf([anEngineNode('n', { cpu: 1 })]);
    queue(engine, { a: ONE_SLOT, b: ONE_SLOT });
    expect(started(engine)).toEqual(['a on n']);
  });

  it('starts a job with an image only where there is docker, and holds up nobody elsewhere', () => {
    const runtimes: NodeDescription['runtimes'] = ['process', 'docker'];
    const engine = engineOf([anEngineNode('bare', { cpu: 1 })], FIFO);
    queue(engine, { image: { ...ONE_SLOT, inContainer: true }, plain: ONE_SLOT });
    expect(blocked(engine)).toEqual({ image: 'no-node' });
    expect(started(engine)).toEqual(['plain on bare']);
    engine.putNode(anEngineNode('docker', { cpu: 1 }, { runtimes }));
    expect(started(engine)).toEqual(['image on docker', 'plain on bare']);
  });

  it('lets nobody overtake a job that waits for the same kind of device, where the policy has no backfill', () => {
    const engine = engineOf([anEngineNode('n', { gpu: 2 })], FIFO);
    run(engine, 'n', ['gpu-0']);
    queue(engine, { big: gpus(2), small: gpus(1) });
    expect(started(engine)).toEqual([]);
    expect(blocked(engine)).toEqual({ big: 'devices-busy' });
  });

  it('lets nobody overtake it in a line either, where the policy has no backfill', () => {
    const engine = engineOf([anEngineNode('n', { gpu: 1 }), anEngineNode('m', { gpu: 2 })], {
      ...FIFO,
      handOff: DEFAULT_POLICY.handOff,
    });
    run(engine, 'n', ['gpu-0']);
    run(engine, 'm', ['gpu-0', 'gpu-1'], { id: 'other' });
    queue(engine, { gang: gpus(1, { nodes: 2 }), small: gpus(1) });
    expect(engine.plan(0).starts).toEqual([]);
  });

  it('differs on purpose from first in first out: a later job starts where it delays no promise', () => {
    const engine = engineOf([anEngineNode('n', { gpu: 2 })], PROMISING);
    run(engine, 'n', ['gpu-0'], { limitMs: 10 * MINUTE });
    queue(engine, { big: gpus(2) });
    queue(engine, { short: gpus(1) }, { limitMs: 5 * MINUTE, order: 2 });
    expect(started(engine)).toEqual(['short on n']);
    queue(engine, { short: gpus(1) }, { limitMs: 11 * MINUTE, order: 2 });
    const { starts, reservations, blocked: why } = engine.plan(0);
    expect(starts).toEqual([]);
    expect(reservations).toEqual([{ jobId: 'big', reservation: { nodeIds: ['n'], at: 10 * MINUTE } }]);
    expect(why.get('short')).toBe('reserved');
  });

  it('starts jobs of the other kind of device beside one that waits', () => {
    const engine = engineOf([anEngineNode('n', { cpu: 1, gpu: 1 })], FIFO);
    run(engine, 'n', ['gpu-0']);
    queue(engine, { gpu: gpus(1), cpu: ONE_SLOT });
    expect(started(engine)).toEqual(['cpu on n']);
  });

  it.each(['node-unreachable', 'node-cordoned'] as const)('starts nothing on a node that refuses: %s', (refuses) => {
    const engine = engineOf([{ ...anEngineNode('n', { cpu: 1 }), refuses }]);
    queue(engine, { a: ONE_SLOT });
    expect(engine.plan(0)).toMatchObject({ starts: [], blocked: new Map([['a', refuses]]) });
  });

  it('keeps to the node that was asked for', () => {
    const engine = engineOf([anEngineNode('n', { cpu: 1 }), anEngineNode('m', { cpu: 1 })]);
    queue(engine, { a: { ...ONE_SLOT, nodeId: 'm' } });
    expect(engine.plan(0).starts).toEqual([{ jobId: 'a', nodeId: 'm', devices: ['cpu-0'] }]);
  });

  it('counts CPUs and memory beside devices', () => {
    const engine = engineOf([anEngineNode('n', { cpu: 4 })]);
    queue(engine, { a: { ...ONE_SLOT, cpus: 5 }, b: { ...ONE_SLOT, cpus: 5 } });
    expect(started(engine)).toEqual(['a on n']);
    expect(blocked(engine)).toEqual({ b: 'cpus-busy' });
  });

  it('does not give out a device that is out of service', () => {
    const { id, description, refuses } = anEngineNode('n', { cpu: 1 });
    const devices = description.devices.map((device) => ({ ...device, fault: 'fell off the bus' }));
    const engine = engineOf([{ id, refuses, description: { ...description, devices } }]);
    queue(engine, { a: ONE_SLOT });
    expect(engine.plan(0).starts).toEqual([]);
  });

  it('starts nothing above a quota, nor what would make a promise of the same owner come to nothing', () => {
    const quotas: Policy['quotas'] = [{ of: { userId: 'ann' }, hardGpus: 4 }];
    const policy: Policy = { ...PROMISING, order: 'fifo', quotas };
    const engine = engineOf([anEngineNode('n', { gpu: 4 }), anEngineNode('m', { gpu: 4 })], policy);
    for (const id of ['n', 'm'])
      run(engine, id, ['gpu-0'], { id, limitMs: 60 * MINUTE, owner: { userId: 'bob', groupId: null } });
    queue(engine, { big: gpus(4) });
    queue(engine, { long: gpus(1) }, { limitMs: 600 * MINUTE, order: 2 });
    queue(engine, { short: gpus(1) }, { limitMs: 10 * MINUTE, order: 3 });
    expect(started(engine)).toHaveLength(1);
    expect(started(engine)).toEqual([expect.stringContaining('short') as unknown]);
    expect(blocked(engine)).toMatchObject({ big: 'devices-busy', long: 'user-quota' });
  });

  it('is the same whatever was planned before, and changes nothing', () => {
    const jobs = { gang: gpus(1, { nodes: 2 }), two: gpus(2), one: gpus(1) };
    const build = () => {
      const engine = engineOf([anEngineNode('n', { gpu: 2 }), anEngineNode('m', { gpu: 1 })], PROMISING);
      run(engine, 'm', ['gpu-0'], { id: 'on m' });
      queue(engine, jobs);
      return engine;
    };
    const engine = build();
    const first = engine.plan(0);
    expect(engine.plan(0)).toEqual(first);
    run(engine, 'n', ['gpu-0'], { id: 'on n' });
    engine.plan(5);
    const again = build();
    run(again, 'n', ['gpu-0'], { id: 'on n' });
    expect(again.plan(5)).toEqual(engine.plan(5));
    expect([...again.plan(5).blocked]).toEqual([...engine.plan(5).blocked]);
  });
});

describe('the hand-off', () => {
  const withLines = (nodes: readonly EngineNode[]) => engineOf(nodes, DEFAULT_POLICY);
  const inLine = (engine: Engine, isRevoking = false) => {
    const { job } = run(engine, 'n', ['cpu-0'], { id: 'waits', order: 1 });
    engine.place({
      job,
      attempt: 1,
      placedAt: 1,
      parts: [{ nodeId: 'n', devices: [] }],
      waiting: { count: 1, pool: ['cpu-0'], isRevoking },
      since: null,
      graceMs: 0,
      isStopping: false,
    });
  };

  it('assigns the next job behind the running one, and one more', () => {
    const engine = withLines([anEngineNode('n', { cpu: 1 })]);
    run(engine, 'n', ['cpu-0']);
    queue(engine, { a: ONE_SLOT, b: ONE_SLOT, c: ONE_SLOT });
    const ahead = [{ jobId: 'running', attempt: 3 }];
    const behind = { count: 1, pool: ['cpu-0'] };
    expect(engine.plan(0).starts).toEqual([
      { jobId: 'a', nodeId: 'n', devices: [], behind: { ...behind, predecessors: ahead } },
      {
        jobId: 'b',
        nodeId: 'n',
        devices: [],
        behind: { ...behind, predecessors: [...ahead, { jobId: 'a', attempt: 1 }] },
      },
    ]);
    expect(blocked(engine)).toEqual({ a: 'devices-busy' });
  });

  it('lets a job of several devices wait only behind one that holds enough of them and has used most of its time', () => {
    const engine = withLines([anEngineNode('n', { cpu: 3 })]);
    run(engine, 'n', ['cpu-0'], { id: 'small', limitMs: MINUTE });
    run(engine, 'n', ['cpu-1', 'cpu-2'], { id: 'wide', limitMs: MINUTE });
    queue(engine, { two: { ...ONE_SLOT, devices: 2 } });
    expect(engine.plan(0.5 * MINUTE).starts).toEqual([]);
    const behind = { count: 2, pool: ['cpu-1', 'cpu-2'], predecessors: [{ jobId: 'wide', attempt: 3 }] };
    expect(engine.plan(0.9 * MINUTE).starts).toEqual([{ jobId: 'two', nodeId: 'n', devices: [], behind }]);
  });

  it('gives a device that has just come free to nobody but the first in line', () => {
    const engine = withLines([anEngineNode('n', { cpu: 1 })]);
    inLine(engine);
    queue(engine, { later: ONE_SLOT });
    expect(started(engine)).toEqual([]);
  });

  it.each([false, true])(
    'calls a waiting attempt back when a device is free elsewhere, once, and keeps the device for it: asked %s',
    (isRevoking) => {
      const engine = withLines([anEngineNode('n', { cpu: 1 }), anEngineNode('m', { cpu: 1 })]);
      run(engine, 'n', ['cpu-0']);
      inLine(engine, isRevoking);
      queue(engine, { later: ONE_SLOT }, { order: 2, submittedAt: aWaitingJob(2).submittedAt });
      const { revocations, starts } = engine.plan(0);
      expect(revocations.map(({ jobId, nodeId }) => `${jobId} on ${nodeId}`)).toEqual(isRevoking ? [] : ['waits on n']);
      expect(starts.filter(({ nodeId, behind }) => nodeId === 'm' && behind === undefined)).toEqual([]);
    },
  );

  it('calls back no more attempts than can start elsewhere', () => {
    const engine = withLines([anEngineNode('n', { cpu: 2 }), anEngineNode('m', { cpu: 1 })]);
    run(engine, 'n', ['cpu-0', 'cpu-1']);
    for (const [index, id] of ['first', 'second'].entries()) {
      engine.place({
        job: aWaitingJob(index + 1, { id, shape: ONE_SLOT }),
        attempt: 1,
        placedAt: index + 1,
        parts: [{ nodeId: 'n', devices: [] }],
        waiting: { count: 1, pool: ['cpu-0', 'cpu-1'], isRevoking: false },
        since: null,
        graceMs: 0,
        isStopping: false,
      });
    }
    expect(engine.plan(0).revocations.map(({ jobId }) => jobId)).toEqual(['first']);
  });

  it('calls waiting attempts back from a node that takes no jobs any more, and assigns none behind its jobs', () => {
    const engine = withLines([{ ...anEngineNode('n', { cpu: 1 }), refuses: 'node-cordoned' }]);
    run(engine, 'n', ['cpu-0']);
    inLine(engine);
    queue(engine, { later: ONE_SLOT });
    expect(engine.plan(0)).toMatchObject({ revocations: [{ jobId: 'waits' }], starts: [] });
  });

  it('leaves the line of a node alone that is only not heard', () => {
    const engine = withLines([{ ...anEngineNode('n', { cpu: 1 }), refuses: 'node-unreachable' }]);
    run(engine, 'n', ['cpu-0']);
    inLine(engine);
    expect(engine.plan(0).revocations).toEqual([]);
  });
});
