// Jobs of many devices among those of few: what is left to them in the lines, and who is called back for them.
import { DEFAULT_POLICY, type Policy } from '@baton/contracts';
import { describe, expect, it } from 'vitest';
import { anEngineNode, gpus } from '../../testing/cluster-builders.ts';
import { aWaitingJob } from '../../testing/queue-builders.ts';
import type { RunningAttempt, WaitingJob } from './engine-model.ts';
import { Engine } from './engine.ts';

const MINUTE = 60_000;

/** Who was submitted first goes first; others may start before it. */
const POLICY: Policy = {
  ...DEFAULT_POLICY,
  order: 'fifo',
  backfill: { ...DEFAULT_POLICY.backfill, reserveFor: 'first' },
};

function engineOf(gpu: number): Engine {
  const engine = new Engine(POLICY);
  engine.putNode(anEngineNode('n', { gpu }));
  return engine;
}

function place(engine: Engine, job: Partial<WaitingJob>, placed: Partial<RunningAttempt>): void {
  engine.place({
    job: aWaitingJob(0, { ...job }),
    attempt: 1,
    placedAt: 0,
    parts: [{ nodeId: 'n', devices: [] }],
    waiting: null,
    since: 0,
    graceMs: 0,
    isStopping: false,
    ...placed,
  });
}

function run(engine: Engine, id: string, devices: readonly string[]): void {
  place(engine, { id, shape: gpus(devices.length), limitMs: 60 * MINUTE }, { parts: [{ nodeId: 'n', devices }] });
}

function line(engine: Engine, id: string, pool: readonly string[], job: Partial<WaitingJob> = {}): void {
  const placed = { waiting: { count: 1, pool, isRevoking: false }, since: null, placedAt: 1 };
  place(engine, { id, shape: gpus(1), limitMs: 60 * MINUTE, order: 5, ...job }, placed);
}

describe('the lines of a node', () => {
  const busy = () => {
    const engine = engineOf(4);
    run(engine, 'wide', ['gpu-0', 'gpu-1']);
    run(engine, 'one', ['gpu-2']);
    run(engine, 'another', ['gpu-3']);
    return engine;
  };
  const pools = (engine: Engine) => engine.plan(0).starts.map(({ jobId, behind }) => [jobId, behind?.pool]);

  it('are behind all that runs, when nobody waits for more', () => {
    const engine = busy();
    engine.queue(aWaitingJob(1, { id: 'small', shape: gpus(1), submittedAt: 0 }));
    expect(pools(engine)).toEqual([['small', ['gpu-0', 'gpu-1', 'gpu-2', 'gpu-3']]]);
  });

  it('leave what a job of several devices gives back to one that needs them and goes first', () => {
    const engine = busy();
    engine.queue(aWaitingJob(1, { id: 'two', shape: gpus(2), submittedAt: 0, limitMs: MINUTE }));
    engine.queue(aWaitingJob(2, { id: 'small', shape: gpus(1), submittedAt: 0 }));
    expect(pools(engine)).toEqual([['small', ['gpu-2', 'gpu-3']]]);
  });

  it('leave it to nobody who could not have it', () => {
    const engine = busy();
    engine.queue(aWaitingJob(1, { id: 'three', shape: gpus(3), submittedAt: 0, limitMs: MINUTE }));
    engine.queue(aWaitingJob(2, { id: 'small', shape: gpus(1), submittedAt: 0 }));
    expect(pools(engine)).toEqual([['small', ['gpu-0', 'gpu-1', 'gpu-2', 'gpu-3']]]);
  });

  it('are for the same devices all along, so that whoever is first takes nothing that the next alone could have', () => {
    const engine = busy();
    line(engine, 'first', ['gpu-2', 'gpu-3']);
    engine.queue(aWaitingJob(1, { id: 'small', shape: gpus(1), submittedAt: 0 }));
    expect(pools(engine)).toEqual([['small', ['gpu-2', 'gpu-3']]]);
  });

  it('grow no longer while one who waits there could have what is kept for others', () => {
    const engine = busy();
    line(engine, 'first', ['gpu-0', 'gpu-1', 'gpu-2', 'gpu-3']);
    engine.queue(aWaitingJob(1, { id: 'two', shape: gpus(2), submittedAt: 0, limitMs: MINUTE }));
    engine.queue(aWaitingJob(2, { id: 'small', shape: gpus(1), submittedAt: 0 }));
    expect(pools(engine)).toEqual([]);
  });
});

describe('for a job of several devices, to be promised a start', () => {
  /** Two devices that run out in an hour, and in the line behind them a job that was submitted later. */
  const lined = (job: Partial<WaitingJob> = {}) => {
    const engine = engineOf(2);
    run(engine, 'one', ['gpu-0']);
    run(engine, 'another', ['gpu-1']);
    line(engine, 'behind', ['gpu-0', 'gpu-1'], job);
    engine.queue(aWaitingJob(1, { id: 'two', shape: gpus(2), submittedAt: 0 }));
    return engine;
  };

  it('those behind it in the lines are called back, and nobody joins them', () => {
    expect(lined().plan(0)).toMatchObject({
      starts: [],
      reservations: [],
      revocations: [{ jobId: 'behind', nodeId: 'n' }],
    });
  });

  it('a start is promised once they are', () => {
    const engine = lined();
    engine.release('behind', 0);
    const { reservations, revocations } = engine.plan(0);
    expect(revocations).toEqual([]);
    expect(reservations).toEqual([{ jobId: 'two', reservation: { nodeIds: ['n'], at: 60 * MINUTE } }]);
  });

  it('nobody is called back for less than a minute', () => {
    const { revocations, reservations } = lined({ limitMs: MINUTE - 1 }).plan(0);
    expect(revocations).toEqual([]);
    expect(reservations).toMatchObject([{ jobId: 'two', reservation: { at: 61 * MINUTE - 1 } }]);
  });

  it('nobody who goes before it is called back', () => {
    expect(lined({ order: 0 }).plan(0).revocations).toEqual([]);
  });

  it('nobody of a higher class is called back', () => {
    expect(lined({ className: 'urgent' }).plan(0).revocations).toEqual([]);
  });
});
