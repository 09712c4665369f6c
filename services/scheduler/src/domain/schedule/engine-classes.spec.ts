// A job of a higher class goes before those of lower ones that stand in line already, also where somebody is to be stopped for it.
import { DEFAULT_POLICY } from '@baton/contracts';
import { describe, expect, it } from 'vitest';
import { anEngineNode, gpus } from '../../testing/cluster-builders.ts';
import { aWaitingJob } from '../../testing/queue-builders.ts';
import type { Plan, RunningAttempt, WaitingJob } from './engine-model.ts';
import { Engine } from './engine.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = 2 * DEFAULT_POLICY.preemption.minRunMs;
const IN_LINE = { count: 1, pool: ['gpu-0'], isRevoking: false };

/** Under the default policy: hand-off on, one promise, classes that preempt. */
class World {
  readonly engine = new Engine(DEFAULT_POLICY);

  constructor(devices = 1) {
    this.engine.putNode(anEngineNode('n', { gpu: devices, cpu: 4 }));
  }

  place(job: Partial<WaitingJob>, placed: Partial<RunningAttempt>): void {
    this.engine.place({
      job: aWaitingJob(0, { shape: gpus(1), limitMs: 5 * HOUR, graceMs: MINUTE, ...job }),
      attempt: 1,
      placedAt: 0,
      parts: [{ nodeId: 'n', devices: [] }],
      waiting: null,
      since: null,
      graceMs: job.graceMs ?? MINUTE,
      isStopping: false,
      ...placed,
    });
  }

  run(id: string, job: Partial<WaitingJob> = {}, device = 'gpu-0'): void {
    this.place({ id, ...job }, { since: 0, parts: [{ nodeId: 'n', devices: [device] }] });
  }

  line(id: string, job: Partial<WaitingJob> = {}, waiting = IN_LINE): void {
    this.place({ id, order: 1, submittedAt: 1, ...job }, { waiting, placedAt: 1 });
  }

  queue(id: string, className = 'urgent', change: Partial<WaitingJob> = {}): void {
    const job = { id, className, shape: gpus(1), submittedAt: NOW, limitMs: HOUR, ...change };
    this.engine.queue(aWaitingJob(className === 'urgent' ? 9 : 2, job));
  }

  /** Given back by its agent, and queued again. */
  giveBack(id: string): void {
    this.engine.release(id, NOW);
    this.queue(id, 'normal');
  }

  plan(): Plan {
    return this.engine.plan(NOW);
  }
}

const calledBack = (plan: Plan) => plan.revocations.map(({ jobId }) => jobId);
const lines = (plan: Plan) => plan.starts.map(({ jobId, behind }) => (behind ? jobId : `${jobId} at once`));

describe('a job of a higher class', () => {
  it('has those of lower classes called back who would have what comes free before it', () => {
    const world = new World();
    world.run('running');
    world.line('staged');
    world.queue('exam');
    expect(world.plan()).toMatchObject({
      starts: [],
      preemptions: [],
      revocations: [{ jobId: 'staged', nodeId: 'n' }],
    });
  });

  it('is in line before them then, and stays so', () => {
    const world = new World();
    world.run('running');
    world.line('staged');
    world.queue('exam');
    world.plan();
    world.giveBack('staged');
    const plan = world.plan();
    expect(calledBack(plan)).toEqual([]);
    expect(lines(plan)).toEqual(['exam', 'staged']);
    world.line('exam', { className: 'urgent', limitMs: HOUR });
    world.line('staged', { limitMs: HOUR });
    expect(world.plan()).toMatchObject({ starts: [], revocations: [], preemptions: [] });
  });

  it("goes before them also where the only promise that there is to give is another job's, of a class that stops nobody", () => {
    const classes = DEFAULT_POLICY.classes.map((each) => ({ ...each, preempts: false }));
    const world = new World();
    world.engine.setPolicy({ ...DEFAULT_POLICY, classes }, NOW);
    world.run('running');
    world.line('staged');
    world.queue('long', 'normal', { reservation: { nodeIds: ['n'], at: 12 * HOUR } });
    world.queue('exam');
    expect(calledBack(world.plan())).toEqual(['staged']);
    world.giveBack('staged');
    expect(lines(world.plan())[0]).toBe('exam');
  });

  it('has all of them called back who stand before it on one node, and nobody elsewhere', () => {
    const world = new World(2);
    world.engine.putNode(anEngineNode('m', { gpu: 1 }));
    const pool = { count: 1, pool: ['gpu-0', 'gpu-1'], isRevoking: false };
    world.run('one');
    world.run('two', {}, 'gpu-1');
    world.line('first', {}, pool);
    world.line('second', {}, pool);
    world.place({ id: 'far', limitMs: 9 * HOUR }, { since: 0, parts: [{ nodeId: 'm', devices: ['gpu-0'] }] });
    world.place({ id: 'behind far' }, { waiting: IN_LINE, placedAt: 1, parts: [{ nodeId: 'm', devices: [] }] });
    world.queue('exam');
    expect(calledBack(world.plan())).toEqual(['first', 'second']);
  });

  it.each<readonly [string, Partial<WaitingJob>]>([
    ['of its own class', { className: 'urgent' }],
    ['who are done within a minute', { limitMs: MINUTE / 2, graceMs: 0 }],
  ])('has nobody called back %s', (_, job) => {
    const world = new World();
    world.run('running');
    world.line('staged', job);
    world.queue('exam');
    expect(calledBack(world.plan())).toEqual([]);
  });

  it('has nobody called back who waits for devices of another kind', () => {
    const world = new World();
    const slot = { ...gpus(1), deviceKind: 'cpu' as const };
    world.run('running');
    for (const device of ['cpu-0', 'cpu-1', 'cpu-2', 'cpu-3']) world.run(device, { shape: slot }, device);
    world.line('staged', { shape: slot }, { ...IN_LINE, pool: ['cpu-0'] });
    world.queue('exam');
    expect(calledBack(world.plan())).toEqual([]);
  });
});

describe('where somebody may be stopped for it', () => {
  const low = { keepsCheckpoints: true };

  it('those in line are called back first: they would have what comes free', () => {
    const world = new World();
    world.run('low', low);
    world.line('staged');
    world.queue('exam');
    expect(world.plan()).toMatchObject({ preemptions: [], revocations: [{ jobId: 'staged' }] });
  });

  it('whoever runs is stopped when they are out of the line, not before', () => {
    const world = new World();
    world.run('low', low);
    world.line('staged', {}, { ...IN_LINE, isRevoking: true });
    world.queue('exam');
    expect(world.plan()).toMatchObject({ preemptions: [], revocations: [] });
    world.giveBack('staged');
    expect(world.plan()).toMatchObject({
      preemptions: [{ jobId: 'low', forJobId: 'exam' }],
      reservations: [{ jobId: 'exam', reservation: { nodeIds: ['n'], at: NOW + MINUTE } }],
    });
  });

  it('one of its own class that came into line before it has that done for itself', () => {
    const world = new World();
    world.run('low', low);
    world.line('staged', { className: 'urgent', order: 1, submittedAt: 1 });
    world.queue('exam');
    expect(world.plan()).toMatchObject({ preemptions: [], revocations: [{ jobId: 'staged' }] });
    world.engine.release('staged', NOW);
    world.queue('staged', 'urgent', { order: 1, submittedAt: 1 });
    expect(world.plan()).toMatchObject({ preemptions: [{ jobId: 'low', forJobId: 'staged' }] });
  });

  it('whoever has what is guaranteed to them makes way in line, too, for one who has not', () => {
    const world = new World(2);
    const quotas = [{ of: { userId: 'owed' }, guaranteedGpus: 1 }];
    world.engine.setPolicy({ ...DEFAULT_POLICY, quotas }, NOW);
    const greedy = { owner: { userId: 'greedy', groupId: null } };
    world.run('one', { ...low, ...greedy });
    world.run('two', { ...low, ...greedy }, 'gpu-1');
    world.line('staged', greedy, { ...IN_LINE, pool: ['gpu-0', 'gpu-1'] });
    world.queue('mine', 'normal', { owner: { userId: 'owed', groupId: null } });
    expect(world.plan()).toMatchObject({ preemptions: [], revocations: [{ jobId: 'staged' }] });
  });

  it('one that came into line before that was so is called back, to have it stopped, and looks again in time', () => {
    const world = new World();
    world.run('low', low);
    world.line('exam', { className: 'urgent' });
    const { minRunMs } = DEFAULT_POLICY.preemption;
    expect(world.engine.plan(minRunMs / 2)).toMatchObject({ preemptions: [], revocations: [], nextAt: minRunMs });
    expect(world.engine.plan(minRunMs)).toMatchObject({
      preemptions: [],
      revocations: [{ jobId: 'exam' }],
      starts: [],
    });
    world.engine.release('exam', NOW);
    world.queue('exam');
    expect(world.plan()).toMatchObject({ preemptions: [{ jobId: 'low', forJobId: 'exam' }], starts: [] });
  });
});
