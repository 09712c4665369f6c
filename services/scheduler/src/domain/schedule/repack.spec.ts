// Preemption by order: who is stopped for whom, what that leaves alone, and how often one and the same job may be stopped.
import { DEFAULT_POLICY, type Policy } from '@baton/contracts';
import { describe, expect, it } from 'vitest';
import { anEngineNode, gpus } from '../../testing/cluster-builders.ts';
import { aWaitingJob } from '../../testing/queue-builders.ts';
import type { SimulatedJob } from '../simulation/simulated-job.ts';
import { simulate } from '../simulation/simulation.ts';
import type { RunningAttempt, WaitingJob } from './engine-model.ts';
import { Engine } from './engine.ts';

const HOUR = 3_600_000;
const MIN_RUN = 600_000;
const NOW = 10 * HOUR;
const GRACE = 30_000;

const BY_ORDER: Policy = {
  ...DEFAULT_POLICY,
  preemption: { by: 'order', minRunMs: MIN_RUN },
  handOff: { enabled: false },
};
const SHORTEST: Policy = { ...BY_ORDER, order: 'shortest' };

function engineOf(gpuCounts: Readonly<Record<string, number>>, policy: Policy = BY_ORDER): Engine {
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
  const job = aWaitingJob(1, {
    id,
    shape: gpus(devices),
    keepsCheckpoints: true,
    limitMs: 100 * HOUR,
    graceMs: GRACE,
    ...change,
  });
  const attempt: RunningAttempt = {
    job,
    attempt: 1,
    placedAt: 0,
    parts: [{ nodeId: on, devices: Array.from({ length: devices }, (_, index) => `gpu-${first + index}`) }],
    waiting: null,
    since,
    graceMs: GRACE,
    isStopping: false,
  };
  engine.place(attempt);
  return attempt;
}

function wait(engine: Engine, id: string, devices: number, change: Partial<WaitingJob> = {}): void {
  engine.queue(aWaitingJob(9, { id, shape: gpus(devices), submittedAt: NOW, limitMs: HOUR / 10, ...change }));
}

const victims = (engine: Engine, now = NOW) =>
  engine
    .plan(now)
    .preemptions.map(({ jobId, forJobId }) => `${jobId} for ${forJobId}`)
    .toSorted();

describe('under preemption by order', () => {
  it('a running job is stopped for one that goes before it, and that one is promised its devices', () => {
    const engine = engineOf({ n: 1 });
    run(engine, 'long', 1);
    wait(engine, 'short', 1);
    expect(engine.plan(NOW)).toMatchObject({
      starts: [],
      preemptions: [{ jobId: 'long', forJobId: 'short' }],
      reservations: [{ jobId: 'short', reservation: { nodeIds: ['n'], at: NOW + GRACE } }],
    });
  });

  it.each<readonly [string, Running, Partial<WaitingJob>]>([
    ['keeps no checkpoints', { keepsCheckpoints: false }, {}],
    ['is of a class that may not be stopped', { className: 'urgent' }, { className: 'urgent' }],
    ['has not run for the minimum', { since: NOW - MIN_RUN + 1 }, {}],
    ['is of a higher class', { className: 'normal' }, { className: 'scavenger' }],
    ['is expected to end first', { limitMs: 11 * HOUR }, { limitMs: 10 * HOUR }],
  ])('nobody is stopped who %s', (_, running, waiting) => {
    const engine = engineOf({ n: 1 });
    run(engine, 'long', 1, running);
    wait(engine, 'short', 1, waiting);
    expect(victims(engine)).toEqual([]);
  });

  it('a job runs on that is not much longer than the one that waits', () => {
    const engine = engineOf({ n: 1 });
    run(engine, 'running', 1, { since: NOW - MIN_RUN, limitMs: 10 * HOUR, submittedAt: NOW });
    wait(engine, 'waiting', 1, { limitMs: 8 * HOUR });
    expect(victims(engine)).toEqual([]);
    wait(engine, 'waiting', 1, { limitMs: 4 * HOUR });
    expect(victims(engine)).toEqual(['running for waiting']);
  });

  it('what is free is taken first, and then what displaces the fewest devices', () => {
    const engine = engineOf({ m: 4, n: 4 }, SHORTEST);
    run(engine, 'whole', 4, { on: 'm' });
    run(engine, 'half', 2);
    wait(engine, 'small', 2);
    expect(engine.plan(NOW)).toMatchObject({ starts: [{ jobId: 'small', nodeId: 'n' }], preemptions: [] });
    wait(engine, 'small', 3);
    expect(victims(engine)).toEqual(['half for small']);
  });

  it('of equal devices those go that lose the least work, and nobody goes without need', () => {
    const engine = engineOf({ m: 2, n: 2 }, SHORTEST);
    for (const [index, on] of ['m', 'n'].entries()) {
      run(engine, `${on}0`, 1, { on });
      run(engine, `${on}1`, 1, { on, first: 1, since: index * 5 * HOUR });
    }
    wait(engine, 'small', 1);
    expect(victims(engine)).toEqual(['n1 for small']);
    engine.place({ ...run(engine, 'm1', 1, { on: 'm', first: 1 }), savedAt: NOW - 1 });
    expect(victims(engine)).toEqual(['m1 for small']);
  });

  it('a job on several nodes has all of them made free, or none', () => {
    const engine = engineOf({ m: 2, n: 2 }, SHORTEST);
    run(engine, 'a', 1, { on: 'm' });
    run(engine, 'b', 2);
    wait(engine, 'gang', 0, { shape: gpus(2, { nodes: 2 }) });
    expect(victims(engine)).toEqual(['a for gang', 'b for gang']);
    run(engine, 'stays', 1, { on: 'm', first: 1, keepsCheckpoints: false });
    expect(victims(engine)).toEqual([]);
  });

  it('nobody else is stopped for the same job while those asked to are stopping', () => {
    const engine = engineOf({ m: 1, n: 1 }, SHORTEST);
    const long = run(engine, 'long', 1);
    run(engine, 'longer', 1, { on: 'm', limitMs: 90 * HOUR });
    engine.place({ ...long, isStopping: true, stoppingSince: NOW });
    wait(engine, 'short', 1);
    expect(victims(engine, NOW + 1)).toEqual([]);
  });

  it('nobody takes what a promise counts on until those who are stopping have gone', () => {
    const engine = engineOf({ n: 4 });
    run(engine, 'ends first', 1, { first: 3, limitMs: NOW + GRACE / 2 - GRACE });
    engine.place({ ...run(engine, 'stopping', 1, { first: 2 }), isStopping: true, stoppingSince: NOW });
    wait(engine, 'promised', 3, { reservation: { nodeIds: ['n'], at: NOW + GRACE / 2 } });
    wait(engine, 'short', 1, { limitMs: HOUR });
    const { starts, reservations } = engine.plan(NOW);
    expect({ starts, reservations }).toEqual({ starts: [], reservations: [] });
    engine.release('stopping', NOW + 1);
    expect(engine.plan(NOW + 1).starts).toMatchObject([{ jobId: 'promised' }]);
  });

  it('one in line behind a job to be stopped is called back before that is', () => {
    const engine = engineOf({ n: 1 }, { ...SHORTEST, handOff: { enabled: true } });
    run(engine, 'long', 1);
    const inLine = run(engine, 'next', 0, { limitMs: 50 * HOUR });
    engine.place({
      ...inLine,
      placedAt: 1,
      since: null,
      waiting: { count: 1, pool: ['gpu-0'], isRevoking: false },
    });
    wait(engine, 'short', 1);
    expect(engine.plan(NOW)).toMatchObject({ starts: [], preemptions: [], revocations: [{ jobId: 'next' }] });
    engine.release('next', NOW);
    engine.queue({ ...inLine.job, shape: gpus(1), nextAttempt: 2 });
    expect(victims(engine)).toEqual(['long for short']);
  });
});

describe('one in line', () => {
  function withLine(change: Partial<RunningAttempt> = {}) {
    const engine = engineOf({ n: 1 }, { ...SHORTEST, handOff: { enabled: true } });
    const next = run(engine, 'next', 0, { limitMs: HOUR });
    const job = { ...next.job, shape: gpus(1) };
    engine.place({ ...next, job, since: null, waiting: { count: 1, pool: ['gpu-0'], isRevoking: false }, ...change });
    return engine;
  }

  it('has the running job before it stopped once that has run for the minimum: it is called back for it', () => {
    const engine = withLine();
    run(engine, 'long', 1, { since: NOW });
    expect(engine.plan(NOW)).toMatchObject({ revocations: [], nextAt: NOW + MIN_RUN });
    expect(engine.plan(NOW + MIN_RUN)).toMatchObject({ preemptions: [], revocations: [{ jobId: 'next' }] });
  });

  it('is left to start where it stands when what ran there has ended', () => {
    expect(withLine().plan(NOW)).toMatchObject({ starts: [], preemptions: [], revocations: [] });
  });
});

describe('quotas under preemption by order', () => {
  const owner = { userId: 'bob', groupId: null };
  const other = { userId: 'eve', groupId: null };
  const fifo = (quotas: Policy['quotas']): Policy => ({ ...BY_ORDER, order: 'fifo', quotas });

  it('are never passed, not even while those who are stopped still run', () => {
    const engine = engineOf({ n: 2 }, { ...SHORTEST, quotas: [{ of: { userId: 'bob' }, hardGpus: 1 }] });
    run(engine, 'own', 1, { owner });
    run(engine, 'other', 1, { owner: other, first: 1 });
    wait(engine, 'short', 1, { owner });
    expect(engine.plan(NOW)).toMatchObject({ starts: [], preemptions: [] });
  });

  it('give what is guaranteed to whoever has less, and take nothing guaranteed for it', () => {
    const guaranteed = (gpu: number) => ({ of: { userId: 'bob' }, guaranteedGpus: gpu });
    const engine = engineOf({ n: 2 }, fifo([guaranteed(1), { of: { userId: 'eve' }, guaranteedGpus: 1 }]));
    run(engine, 'first', 1, { owner: other });
    run(engine, 'second', 1, { owner: other, first: 1, order: 2 });
    wait(engine, 'mine', 1, { owner });
    expect(victims(engine)).toEqual(['second for mine']);
    wait(engine, 'mine too', 1, { owner });
    expect(victims(engine)).toEqual(['second for mine']);
  });
});

describe('what is guaranteed to two', () => {
  it('is not taken from the one who came first', () => {
    const guaranteed = (userId: string) => ({ of: { userId }, guaranteedGpus: 1 });
    const engine = engineOf({ n: 1 }, { ...BY_ORDER, order: 'fifo', quotas: [guaranteed('bob'), guaranteed('eve')] });
    run(engine, 'first', 1, { owner: { userId: 'eve', groupId: null } });
    wait(engine, 'mine', 1, { owner: { userId: 'bob', groupId: null } });
    expect(victims(engine)).toEqual([]);
  });
});

describe('the order changes with time', () => {
  it('when a job has been served so long that it sinks into the next queue of las', () => {
    const engine = engineOf({ n: 2 }, { ...BY_ORDER, order: 'las', lasThresholdsDeviceSeconds: [4 * 3_600] });
    run(engine, 'long', 2);
    wait(engine, 'young', 2, { submittedAt: 0 });
    const { preemptions, nextAt } = engine.plan(HOUR);
    expect({ preemptions, nextAt }).toEqual({ preemptions: [], nextAt: 2 * HOUR });
    expect(victims(engine, 2 * HOUR)).toEqual(['long for young']);
  });

  it('when a job has run for the minimum', () => {
    const engine = engineOf({ n: 1 });
    run(engine, 'long', 1, { since: NOW });
    wait(engine, 'short', 1);
    expect(engine.plan(NOW).nextAt).toBe(NOW + MIN_RUN);
    expect(victims(engine, NOW + MIN_RUN)).toEqual(['long for short']);
  });
});

describe('however many jobs come that go before it', () => {
  it.each([0, GRACE])('a job is stopped once at most in each minimum run of its own, with %i ms a restart', (cost) => {
    const job = (id: string, submittedAt: number, durationMs: number): SimulatedJob => {
      const { owner, className } = aWaitingJob(1);
      const common = { estimateMs: null, owner, className, shape: gpus(1), keepsCheckpoints: true };
      return { id, submittedAt, durationMs, limitMs: durationMs, ...common };
    };
    // A short one every four minutes, for twenty hours.
    const short = Array.from({ length: 300 }, (_, index) => job(`short-${index}`, index * 240_000, 60_000));
    const engine = new Engine(SHORTEST);
    const nodes = [anEngineNode('n', { gpu: 1 })];
    const { outcomes } = simulate([job('long', 0, 10 * HOUR), ...short], engine, { nodes, restartCostMs: cost });
    const long = outcomes.find(({ job: { id } }) => id === 'long');
    expect(long?.restarts).toBeGreaterThan(10);
    expect(long?.restarts).toBeLessThanOrEqual((long?.heldMs ?? 0) / MIN_RUN);
    // It and all that may go before it have no more than the time that it takes together.
    expect(long?.endedAt).toBeLessThan(20 * HOUR);
  });
});
