// Parts of devices in the engine's plans: who is stopped for whom, what is promised, what it counts, and why one waits.
import { DEFAULT_POLICY, type Policy } from '@baton/contracts';
import { describe, expect, it } from 'vitest';
import { anEngineNode, gpus } from '../../testing/cluster-builders.ts';
import { anOwner, aWaitingJob } from '../../testing/queue-builders.ts';
import { Engine } from './engine.ts';
import type { RunningAttempt, WaitingJob } from './engine-model.ts';
import { explainWait, waitSentence } from './explain.ts';
import { shapeWords } from './shape-words.ts';

const { minRunMs } = DEFAULT_POLICY.preemption;
const NOW = 10 * minRunMs;
const GRACE = 30_000;
const half = gpus(1, { twentieths: 10 });
const quarter = gpus(1, { twentieths: 5 });

function engineOf(policy: Partial<Policy> = {}, gpu = 1): Engine {
  const engine = new Engine({ ...DEFAULT_POLICY, ...policy });
  engine.putNode({ ...anEngineNode('n', { gpu }), jobsPerDevice: 4 });
  return engine;
}

function run(engine: Engine, id: string, change: Partial<WaitingJob> = {}, device = 'gpu-0'): void {
  const job = aWaitingJob(0, {
    id,
    shape: half,
    keepsCheckpoints: true,
    limitMs: 100 * NOW,
    graceMs: GRACE,
    ...change,
  });
  const attempt: RunningAttempt = {
    job,
    attempt: 1,
    placedAt: 0,
    parts: [{ nodeId: 'n', devices: [device] }],
    waiting: null,
    since: 0,
    graceMs: GRACE,
    isStopping: false,
  };
  engine.place(attempt);
}

function queue(engine: Engine, id: string, change: Partial<WaitingJob>): void {
  engine.queue(aWaitingJob(9, { id, submittedAt: NOW, ...change }));
}

const victims = (engine: Engine) =>
  engine
    .plan(NOW)
    .preemptions.map(({ jobId }) => jobId)
    .toSorted();

describe('a job of a class that preempts', () => {
  it('has all stopped who share the device that it needs whole', () => {
    const engine = engineOf();
    for (const id of ['a', 'b']) run(engine, id);
    queue(engine, 'high', { shape: gpus(1), className: 'urgent' });
    expect(victims(engine)).toEqual(['a', 'b']);
    expect(engine.plan(NOW).reservations).toEqual([
      { jobId: 'high', reservation: { nodeIds: ['n'], at: NOW + GRACE } },
    ]);
  });

  it('has no more stopped of those who share one than it needs a part of', () => {
    const engine = engineOf();
    run(engine, 'a');
    run(engine, 'b', { shape: quarter });
    run(engine, 'c', { shape: quarter });
    queue(engine, 'high', { shape: quarter, className: 'urgent' });
    expect(victims(engine)).toHaveLength(1);
    expect(victims(engine)).not.toContain('a');
  });

  it('stops nobody for a whole device where one who shares it may not be stopped', () => {
    const engine = engineOf();
    run(engine, 'a');
    run(engine, 'b', { keepsCheckpoints: false });
    queue(engine, 'high', { shape: gpus(1), className: 'urgent' });
    expect(victims(engine)).toEqual([]);
    queue(engine, 'higher', { shape: half, className: 'urgent' });
    expect(victims(engine)).toEqual(['a']);
  });
});

describe('by order', () => {
  it('stops one with a part for one that goes before it, and lets the other who shares go on', () => {
    const order: Partial<Policy> = { preemption: { by: 'order', minRunMs: 0 }, order: 'fifo' };
    const engine = engineOf(order);
    run(engine, 'first', { order: 1 });
    run(engine, 'late', { order: 20 });
    queue(engine, 'between', { shape: half, keepsCheckpoints: true });
    expect(victims(engine)).toEqual(['late']);
  });
});

describe('what a part counts', () => {
  it('is a half where it is a half: in shares and in quotas', () => {
    const engine = engineOf({ quotas: [{ of: { userId: 'ann' }, hardGpus: 1 }] }, 3);
    run(engine, 'a');
    run(engine, 'whole', { shape: gpus(1), owner: anOwner('bob') }, 'gpu-1');
    const used = (user: string) => engine.usage.usageOf(anOwner(user), NOW).user;
    expect(used('ann') / used('bob')).toBeCloseTo(0.5, 10);
    for (const id of ['x', 'y', 'z']) queue(engine, id, { id, shape: quarter });
    const plan = engine.plan(NOW);
    expect(plan.starts).toHaveLength(2);
    expect([...plan.blocked.values()]).toEqual(['user-quota']);
  });
});

describe('why one with a part waits', () => {
  it('names all who share what it could use', () => {
    const engine = engineOf();
    for (const id of ['a', 'b']) run(engine, id);
    queue(engine, 'x', { shape: half });
    expect(explainWait('x', engine, { gate: null, now: NOW })).toEqual({
      code: 'devices-busy',
      message: 'It waits for 0.5 of a device that jobs share; 2 running jobs hold what it could use.',
      position: 1,
      heldBy: expect.arrayContaining(['a', 'b']) as string[],
    });
  });

  it('says that no node lets jobs share, once none does', () => {
    const engine = engineOf();
    queue(engine, 'x', { shape: half });
    engine.putNode(anEngineNode('n', { gpu: 1 }));
    expect(engine.plan(NOW)).toMatchObject({ starts: [] });
    const job = engine.queueIndex.get('x');
    const said = job && waitSentence(job, engine, { now: NOW, code: 'no-node', position: 1 });
    expect(said).toBe('No node that could hold it lets jobs share its devices.');
  });

  it('says its shape as a person would', () => {
    expect(shapeWords({ ...half, cpus: 2 })).toBe('0.5 of a GPU, 2 CPUs');
    expect(shapeWords(gpus(1, { twentieths: 5, gpuModel: 'A100', cpus: 0 }))).toBe('0.25 of a GPU (A100)');
    expect(shapeWords({ ...half, deviceKind: 'cpu', cpus: 0 })).toBe('0.5 of a CPU slot');
  });
});
