// Who is stopped for whom: only who may be, not before its time, no more than need be, and not in vain.
import { DEFAULT_POLICY, type Policy } from '@baton/contracts';
import { describe, expect, it } from 'vitest';
import { anEngineNode, gpus } from '../../testing/cluster-builders.ts';
import { aWaitingJob } from '../../testing/queue-builders.ts';
import type { EngineShape, RunningAttempt, WaitingJob } from './engine-model.ts';
import { Engine } from './engine.ts';

const { minRunMs } = DEFAULT_POLICY.preemption;
const NOW = 10 * minRunMs;
const GRACE = 30_000;
const NO_LINES: Policy = { ...DEFAULT_POLICY, handOff: { enabled: false } };

function engineOf(gpuCounts: Readonly<Record<string, number>>, policy: Policy = NO_LINES): Engine {
  const engine = new Engine(policy);
  for (const [id, gpu] of Object.entries(gpuCounts)) engine.putNode(anEngineNode(id, { gpu }));
  return engine;
}

interface Running extends Partial<WaitingJob> {
  readonly on?: string;
  readonly first?: number;
  readonly since?: number;
}

function run(engine: Engine, id: string, devices: number, { on = 'n', first = 0, since = 0, ...change }: Running = {}) {
  const shape = gpus(devices);
  const job = aWaitingJob(0, { id, shape, keepsCheckpoints: true, limitMs: 100 * NOW, graceMs: GRACE, ...change });
  const ids = Array.from({ length: devices }, (_, index) => `gpu-${first + index}`);
  const parts = [{ nodeId: on, devices: ids }];
  const attempt: RunningAttempt = {
    job,
    attempt: 1,
    placedAt: 0,
    parts,
    waiting: null,
    since,
    graceMs: GRACE,
    isStopping: false,
  };
  engine.place(attempt);
  return attempt;
}

function urgent(engine: Engine, id: string, shape: EngineShape, change: Partial<WaitingJob> = {}): void {
  engine.queue(aWaitingJob(9, { id, shape, className: 'urgent', submittedAt: NOW, ...change }));
}

const victims = (engine: Engine, now = NOW) => engine.plan(now).preemptions.map(({ jobId }) => jobId);

describe('a job of a class that preempts', () => {
  it('has jobs of lower preemptible classes stopped that keep checkpoints, and is promised their devices', () => {
    const engine = engineOf({ n: 1 });
    run(engine, 'low', 1);
    urgent(engine, 'high', gpus(1));
    expect(engine.plan(NOW)).toMatchObject({
      starts: [],
      preemptions: [{ jobId: 'low', forJobId: 'high' }],
      reservations: [{ jobId: 'high', reservation: { nodeIds: ['n'], at: NOW + GRACE } }],
    });
  });

  it.each<readonly [string, Running]>([
    ['that keeps no checkpoints', { keepsCheckpoints: false }],
    ['whose class may not be stopped', { className: 'urgent' }],
    ['that has not run long enough', { since: NOW - minRunMs + 1 }],
  ])('stops nobody %s', (_, change) => {
    const engine = engineOf({ n: 1 });
    run(engine, 'low', 1, change);
    urgent(engine, 'high', gpus(1));
    expect(victims(engine)).toEqual([]);
  });

  it('stops nobody for a job of a class that does not preempt', () => {
    const engine = engineOf({ n: 1 });
    run(engine, 'low', 1, { className: 'scavenger' });
    urgent(engine, 'high', gpus(1), { className: 'normal' });
    expect(victims(engine)).toEqual([]);
  });

  it('stops nobody where stopping all would not do', () => {
    const engine = engineOf({ n: 2 });
    run(engine, 'low', 1);
    run(engine, 'stays', 1, { first: 1, keepsCheckpoints: false });
    urgent(engine, 'high', gpus(2));
    expect(victims(engine)).toEqual([]);
  });

  it('stops those who lose least, and no more than it needs', () => {
    const engine = engineOf({ n: 4, m: 4 });
    run(engine, 'long', 2, { on: 'n' });
    run(engine, 'short', 1, { on: 'n', first: 2, since: 8 * minRunMs });
    run(engine, 'shorter', 1, { on: 'n', first: 3, since: 9 * minRunMs });
    run(engine, 'other', 4, { on: 'm' });
    urgent(engine, 'one', gpus(1));
    expect(victims(engine)).toEqual(['shorter']);
    urgent(engine, 'one', gpus(2));
    expect(victims(engine).toSorted()).toEqual(['short', 'shorter']);
  });

  it('stops nobody more while those asked to stop are stopping, and starts as soon as they have', () => {
    const engine = engineOf({ n: 1, m: 1 });
    const low = run(engine, 'low', 1, { since: minRunMs });
    run(engine, 'other', 1, { on: 'm' });
    urgent(engine, 'high', gpus(1));
    const { reservations, preemptions } = engine.plan(NOW);
    expect(preemptions.map(({ jobId }) => jobId)).toEqual(['low']);
    engine.place({ ...low, isStopping: true, stoppingSince: NOW });
    const reservation = reservations[0]?.reservation ?? null;
    urgent(engine, 'high', gpus(1), { reservation });
    expect(victims(engine, NOW + 1)).toEqual([]);
    urgent(engine, 'high', gpus(1));
    expect(victims(engine, NOW + 1)).toEqual([]);
    urgent(engine, 'high', gpus(1), { reservation });
    engine.queue(aWaitingJob(1, { id: 'older', shape: gpus(1), submittedAt: 0 }));
    engine.release('low', NOW + 2);
    engine.queue({ ...low.job, nextAttempt: 2 });
    expect(engine.plan(NOW + 2).starts.map(({ jobId }) => jobId)).toEqual(['high']);
  });

  it('has others stopped when they have run long enough, though it was promised a later start meanwhile', () => {
    const policy: Policy = { ...NO_LINES, backfill: { ...NO_LINES.backfill, reserveFor: 'first' } };
    const engine = engineOf({ n: 1 }, policy);
    run(engine, 'low', 1, { since: NOW - 1 });
    urgent(engine, 'high', gpus(1));
    const { preemptions, reservations } = engine.plan(NOW);
    expect(preemptions).toEqual([]);
    urgent(engine, 'high', gpus(1), { reservation: reservations[0]?.reservation ?? null });
    expect(victims(engine, NOW + minRunMs)).toEqual(['low']);
  });

  it('has others stopped also when its shape is known to fit nowhere, and all promises are given', () => {
    const engine = engineOf({ n: 1 }, { ...NO_LINES, backfill: { ...NO_LINES.backfill, reservations: 0 } });
    run(engine, 'low', 1);
    engine.queue(aWaitingJob(1, { id: 'normal', shape: gpus(1) }));
    expect(victims(engine)).toEqual([]);
    urgent(engine, 'high', gpus(1));
    expect(victims(engine)).toEqual(['low']);
  });

  it('stops nobody for a job that its quota would keep from starting', () => {
    const quotas: Policy['quotas'] = [{ of: { userId: 'ann' }, hardGpus: 2 }];
    const engine = engineOf({ n: 2, m: 1 }, { ...NO_LINES, quotas });
    const owner = { userId: 'bob', groupId: null };
    run(engine, 'low', 2, { owner });
    urgent(engine, 'two', gpus(2), { order: 8 });
    urgent(engine, 'one', gpus(1), { order: 9, submittedAt: NOW + 1 });
    const plan = engine.plan(NOW + 1);
    const stoppedFor = plan.preemptions.map(({ forJobId }) => forJobId);
    const startedNow = plan.starts.map(({ jobId }) => jobId);
    expect(startedNow).toEqual(['one']);
    expect(stoppedFor).toEqual([]);
  });
});

describe('a guarantee', () => {
  const quotas: Policy['quotas'] = [{ of: { userId: 'ann' }, guaranteedGpus: 2 }];
  const owner = { userId: 'bob', groupId: null };

  it('is reclaimed from those who are above theirs, within one class', () => {
    const engine = engineOf({ n: 2 }, { ...NO_LINES, quotas });
    run(engine, 'a', 1, { owner });
    run(engine, 'b', 1, { owner, first: 1 });
    engine.queue(aWaitingJob(1, { id: 'mine', shape: gpus(2) }));
    expect(victims(engine).toSorted()).toEqual(['a', 'b']);
  });

  it('takes nothing from others beyond what is guaranteed', () => {
    const engine = engineOf({ n: 3 }, { ...NO_LINES, quotas });
    run(engine, 'mine already', 2);
    run(engine, 'b', 1, { owner, first: 2 });
    engine.queue(aWaitingJob(1, { id: 'mine', shape: gpus(1) }));
    expect(victims(engine)).toEqual([]);
  });

  it('is not reclaimed from one who would be below theirs by it', () => {
    const both: Policy['quotas'] = [...quotas, { of: { userId: 'bob' }, guaranteedGpus: 2 }];
    const engine = engineOf({ n: 3 }, { ...NO_LINES, quotas: both });
    run(engine, 'b1', 1, { owner });
    run(engine, 'b2', 1, { owner, first: 1 });
    run(engine, 'b3', 1, { owner, first: 2 });
    engine.queue(aWaitingJob(1, { id: 'mine', shape: gpus(2) }));
    expect(victims(engine)).toEqual([]);
    engine.queue(aWaitingJob(1, { id: 'mine', shape: gpus(1) }));
    expect(victims(engine)).toHaveLength(1);
  });
});
