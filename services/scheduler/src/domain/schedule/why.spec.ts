// The reason chain of a waiting job: each fact once, on engines made by hand.
import { DEFAULT_POLICY, type JobWord, type Policy, type WhyFact } from '@baton/contracts';
import { describe, expect, it } from 'vitest';
import { anAsk, anAttempt, anEngineNode } from '../../testing/cluster-builders.ts';
import { anOwner, aShape, aWaitingJob, HOUR_MS } from '../../testing/queue-builders.ts';
import type { Gate } from '../waiting-room.ts';
import { Engine } from './engine.ts';
import type { WaitingJob } from './engine-model.ts';
import { explainWait } from './explain.ts';
import { overtakingReason } from './overtaking.ts';
import { queueOrder } from './queue-order.ts';
import { whyFacts } from './why.ts';

const NOW = HOUR_MS;
/** Everybody may know all but what is called private. */
const word = (id: string): JobWord =>
  id.startsWith('private') ? { id: null, name: null, ownerId: null } : { id, name: id, ownerId: 'ann' };

/** One node of two GPUs, both held by `runs` since half an hour, for at most an hour more. */
function busyEngine(change: Partial<Policy> = {}): Engine {
  const engine = new Engine({ ...DEFAULT_POLICY, ...change });
  engine.putNode(anEngineNode('box', { gpu: 2 }));
  const ask = anAsk('runs', aShape({ devices: 2 }), { limitMs: 1.5 * HOUR_MS, owner: anOwner('bob') });
  const since = NOW - HOUR_MS / 2;
  engine.place(anAttempt(ask, [{ nodeId: 'box', devices: ['gpu-0', 'gpu-1'] }], { since }));
  return engine;
}

function queued(engine: Engine, ...jobs: WaitingJob[]): Engine {
  for (const job of jobs) engine.queue(job);
  return engine;
}

const facts = (engine: Engine, id = 'job-1', gate: Gate | null = null) =>
  whyFacts(id, { engine, gate, now: NOW, word });
const only = (found: readonly WhyFact[], code: WhyFact['code']) => found.filter((fact) => fact.code === code);

describe('the facts of a job in the queue', () => {
  it('say who holds each node, since when and until when at the latest', () => {
    const found = facts(queued(busyEngine(), aWaitingJob(1)));
    expect(only(found, 'node')).toEqual([
      {
        code: 'node',
        message: 'box: held by runs for 30 min, for at most 1 h more.',
        nodeId: 'box',
        nodeName: 'box',
        why: 'devices-busy',
        lacks: [],
        heldBy: [{ job: word('runs'), since: NOW - HOUR_MS / 2, until: NOW + HOUR_MS }],
        inLine: [],
      },
    ]);
    expect(only(found, 'nodes')).toMatchObject([{ counts: { 'devices-busy': 1 } }]);
  });

  it('say that there is no end where the holder has no time limit', () => {
    const engine = queued(busyEngine(), aWaitingJob(1));
    const runs = engine.placedAttempt('runs');
    if (runs) engine.place({ ...runs, job: { ...runs.job, limitMs: null } });
    expect(only(facts(engine), 'node')).toMatchObject([
      { message: 'box: held by runs for 30 min, without a time limit.', heldBy: [{ until: null }] },
    ]);
  });

  it('say what a node has not got, and that none has joined', () => {
    const engine = queued(busyEngine(), aWaitingJob(1, { shape: aShape({ devices: 4 }) }));
    expect(only(facts(engine), 'node')).toMatchObject([{ why: 'no-node', lacks: [expect.stringContaining('2')] }]);
    engine.removeNode('box');
    expect(only(facts(engine), 'nodes')).toMatchObject([{ message: 'No node has joined yet.', counts: {} }]);
  });

  it('say which place it has, in which class, and who is ahead', () => {
    const engine = queued(
      busyEngine(),
      aWaitingJob(1),
      aWaitingJob(2, { className: 'urgent' }),
      aWaitingJob(3, { id: 'private-3', className: 'urgent' }),
    );
    const [order] = only(facts(engine), 'order');
    expect(order).toMatchObject({ className: 'normal', priority: 0, position: 3, of: 3 });
    expect(order).toMatchObject({ ahead: [{ id: 'job-2' }, { id: null }] });
    expect(order?.message).toBe(
      'Its class is normal; it is number 3 of 3 in the queue; ahead of it: job-2, a private job.',
    );
  });

  it('weigh what its owner has used against the share, and count who stands better', () => {
    const engine = queued(busyEngine(), aWaitingJob(1, { owner: anOwner('bob') }), aWaitingJob(2));
    expect(only(facts(engine), 'share')).toMatchObject([{ before: 1, of: 2, userShare: 1 }]);
    expect(only(facts(engine), 'share')[0]?.message).toMatch(/^Its owner has lately used 59\.9 device-minutes for/);
    expect(only(facts(engine, 'job-2'), 'share')).toMatchObject([{ before: 0, userDeviceMs: 0 }]);
    expect(only(facts(queued(busyEngine({ order: 'fifo' }), aWaitingJob(1))), 'share')).toEqual([]);
  });

  it('say which quota is reached', () => {
    const quotas: Policy['quotas'] = [{ of: { userId: 'bob' }, hardGpus: 2 }];
    const engine = queued(busyEngine({ quotas }), aWaitingJob(1, { owner: anOwner('bob') }));
    expect(only(facts(engine), 'quota')).toEqual([
      {
        code: 'quota',
        message: 'The quota of its owner is 2 GPUs at once; 2 are in use.',
        whose: 'user',
        limit: 'hardGpus',
        used: 2,
        of: 2,
      },
    ]);
  });

  it('tell of its own promise, and of promises ahead of it', () => {
    const reservation = { nodeIds: ['box'], at: NOW + HOUR_MS };
    const engine = queued(busyEngine(), aWaitingJob(1, { reservation }), aWaitingJob(2));
    const on = { nodes: [{ nodeId: 'box', nodeName: 'box' }], at: NOW + HOUR_MS };
    expect(only(facts(engine), 'promise')).toMatchObject([
      { ...on, message: 'It was promised a start on box in 1 h at the latest.' },
    ]);
    expect(only(facts(engine), 'promised-ahead')).toEqual([]);
    expect(only(facts(engine, 'job-2'), 'promised-ahead')).toMatchObject([{ ...on, job: word('job-1') }]);
  });

  it('tell of bookings for others that it would run into, and of no others', () => {
    const engine = queued(busyEngine(), aWaitingJob(1));
    const booking = { nodeId: 'box', devices: null, from: NOW + 60_000, until: NOW + HOUR_MS, groupIds: [] };
    engine.setBookings([
      { ...booking, id: 'lecture', userIds: ['cid'] },
      { ...booking, id: 'own', userIds: ['ann'] },
      { ...booking, id: 'later', userIds: [], from: NOW + 2 * HOUR_MS, until: NOW + 3 * HOUR_MS },
    ]);
    expect(only(facts(engine), 'booking')).toMatchObject([{ bookingId: 'lecture', nodeName: 'box', devices: null }]);
  });

  it('say that it goes before others because it has waited so long', () => {
    const engine = queued(busyEngine({ promoteAfterMs: 60_000 }), aWaitingJob(1));
    expect(only(facts(engine), 'promoted')).toMatchObject([{ afterMs: 60_000, waitedMs: NOW - 1_000 }]);
  });
});

describe('the facts of one that is not in the queue', () => {
  it('are its gate, and hide the name of a job that the asker may not read', () => {
    const engine = busyEngine();
    expect(facts(engine, 'job-1', { code: 'held' })).toMatchObject([{ code: 'gate', gate: 'held', until: null }]);
    expect(facts(engine, 'job-1', { code: 'begin-later', until: NOW + 1 })).toMatchObject([{ until: NOW + 1 }]);
    const gate: Gate = { code: 'waiting-for-job', jobs: ['private-1'], never: null };
    const known: Gate = { code: 'waiting-for-job', jobs: ['job-2'], never: null };
    expect(facts(engine, 'job-1', known)).toMatchObject([{ message: 'It waits for the end of job-2.' }]);
    const never: Gate = { code: 'waiting-for-job', jobs: ['job-2'], never: 'It failed.' };
    expect(facts(engine, 'job-1', never)).toMatchObject([{ message: 'It failed.' }]);
    expect(facts(engine, 'job-1', gate)).toEqual([
      {
        code: 'gate',
        message: 'It waits for the end of a private job.',
        gate: 'waiting-for-job',
        jobs: [word('private-1')],
        until: null,
      },
    ]);
  });

  it('are its place in the line of a node, and behind whom', () => {
    const engine = busyEngine();
    const waiting = { count: 1, pool: ['gpu-0'], isRevoking: false };
    const parts = [{ nodeId: 'box', devices: [] }];
    engine.place(anAttempt(anAsk('next', aShape()), parts, { waiting, since: null, placedAt: 1 }));
    expect(facts(engine, 'next')).toMatchObject([
      { code: 'line', nodeName: 'box', position: 1, behind: [{ job: { id: 'runs' }, until: NOW + HOUR_MS }] },
    ]);
    expect(only(facts(queued(engine, aWaitingJob(1))), 'node')).toMatchObject([{ inLine: [{ id: 'next' }] }]);
  });
});

it('the queue in its order says of each job what is said of it alone', () => {
  const engine = queued(
    busyEngine({ quotas: [{ of: { userId: 'cid' }, hardGpus: 0 }] }),
    aWaitingJob(1),
    aWaitingJob(2),
    aWaitingJob(3, { className: 'urgent', shape: aShape({ devices: 2 }) }),
    aWaitingJob(4, { owner: anOwner('cid') }),
    aWaitingJob(5, { shape: aShape({ devices: 4 }) }),
  );
  const order = queueOrder(engine, NOW, 10);
  expect(order.map(({ job }) => job.id)).toHaveLength(5);
  expect(order[0]?.job.id).toBe('job-3');
  for (const { job, place, code, message } of order) {
    const alone = explainWait(job.id, engine, { gate: null, now: NOW });
    expect({ code, message }).toEqual({ code: alone.code, message: alone.message });
    expect(place).toBe(alone.position);
  }
  expect(queueOrder(engine, NOW, 2)).toHaveLength(2);
});

describe('why a later job went first', () => {
  const reason = (engine: Engine, gate: Gate | null = null) =>
    overtakingReason('job-2', { id: 'job-1', gate, now: NOW }, engine).code;
  const young = { submittedAt: NOW - 120_000 };
  const big = { shape: aShape({ devices: 2 }) };

  it.each<[string, ReturnType<typeof reason>, Engine]>([
    [
      'of a higher class',
      'higher-class',
      queued(busyEngine(), aWaitingJob(1), aWaitingJob(2, { className: 'urgent' })),
    ],
    [
      'promised a start',
      'promised',
      queued(busyEngine(), aWaitingJob(1), aWaitingJob(2, { reservation: { nodeIds: ['box'], at: NOW } })),
    ],
    [
      "another owner's, who stood better",
      'owner-stood-better',
      queued(busyEngine(), aWaitingJob(1, { owner: anOwner('bob') }), aWaitingJob(2)),
    ],
    [
      'smaller',
      'smaller',
      queued(busyEngine(), aWaitingJob(1, { ...big, ...young }), aWaitingJob(2, { ...young, limitMs: 60_000 })),
    ],
    [
      'able to start where the other was not',
      'fitted',
      queued(busyEngine(), aWaitingJob(1, { limitMs: 60_000 }), aWaitingJob(2, big)),
    ],
    [
      "not held back by a quota of its owner's",
      'quota',
      queued(
        busyEngine({ quotas: [{ of: { userId: 'bob' }, hardGpus: 2 }] }),
        aWaitingJob(1, { owner: anOwner('bob') }),
        aWaitingJob(2),
      ),
    ],
    [
      'within what is guaranteed to its owner',
      'below-guarantee',
      queued(
        busyEngine({ quotas: [{ of: { userId: 'cid' }, guaranteedGpus: 1 }] }),
        aWaitingJob(1),
        aWaitingJob(2, { owner: anOwner('cid') }),
      ),
    ],
    [
      'before it by another order',
      'order',
      queued(busyEngine({ order: 'shortest' }), aWaitingJob(1), aWaitingJob(2, { limitMs: 60_000 })),
    ],
    ['placed while the other was in line', 'in-line', queued(busyEngine(), aWaitingJob(2))],
  ])('%s', (_what, code, engine) => {
    expect(reason(engine)).toBe(code);
  });

  it('the earlier one was held', () => {
    expect(reason(busyEngine(), { code: 'held' })).toBe('not-yet');
  });
});
