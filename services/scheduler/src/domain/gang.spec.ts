// A job on several nodes, as given / when / then: all or none, permitted when all have staged, stopped when one fails.
import type { AttemptResult, JobEvent } from '@baton/contracts';
import { given } from '@baton/decider';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aSpec } from '../testing/job-builders.ts';
import { type JobCommand, jobDecider } from './job.commands.ts';
import { evolveJob, initialJob, isPlaced, isTerminal, type JobState, partsOf } from './job.ts';

const owned = { ownerId: 'usr_a', groupId: null, visibility: 'private' } as const;
const RANKS = ['a', 'b', 'c'].map((name) => ({
  nodeId: `nod_${name}`,
  name,
  address: `10.0.0.${name}`,
  devices: ['cpu-0'],
}));
const [first, second] = RANKS;

function event<T extends JobEvent['type']>(type: T, data: Extract<JobEvent, { type: T }>['data']): JobEvent {
  return { type, v: 1, data } as JobEvent;
}
function result(change: Partial<AttemptResult> = {}): AttemptResult {
  const base = { reason: 'exited', exitCode: 0, signal: null, message: 'Exited.', finalMetrics: {} } as const;
  return { ...base, artifacts: null, startedAt: 5, endedAt: 9, ...change, lastLines: change.lastLines ?? [] };
}
const failed = (endedAt: number, message = 'Exited with code 3.') => result({ exitCode: 3, endedAt, message });
const stopped = (endedAt: number) =>
  result({ reason: 'cancelled', exitCode: null, endedAt, message: 'Stopped as asked.' });

const submitted = event('JobSubmitted', { spec: aSpec({ nodes: 2 }), ...owned });
const assigned = event('JobAssigned', {
  attempt: 1,
  nodeId: 'nod_a',
  devices: ['cpu-0'],
  ranks: RANKS.slice(0, 2),
});
const staged = (rank: number) =>
  event('AttemptStaged', { attempt: 1, at: rank, rank, ...(rank === 0 ? { port: 4_000 } : {}) });
const permitted = event('GangPermitted', { attempt: 1, rendezvous: { host: '10.0.0.a', port: 4_000 } });
const started = (rank: number) => event('AttemptStarted', { attempt: 1, startedAt: 5, rank });
const rankEnded = (rank: number, how: AttemptResult) => event('RankEnded', { attempt: 1, rank, result: how });
const stopOthers = (rank: number, reason: string) => event('RanksStopped', { attempt: 1, rank, reason });
const running = [submitted, assigned, staged(0), staged(1), permitted, started(0), started(1)];

const stage = (rank: number): JobCommand => ({
  type: 'RecordStaged',
  attempt: 1,
  at: rank,
  rank,
  ...(rank === 0 ? { port: 4_000 } : {}),
});
const end = (rank: number, how: AttemptResult): JobCommand => ({
  type: 'RecordEnded',
  attempt: 1,
  rank,
  result: how,
  now: 1_000,
});

describe('a job on several nodes', () => {
  it('is assigned to all of them in one commit', () => {
    const place = { nodeId: 'nod_a', devices: ['cpu-0'] };
    given(jobDecider, submitted)
      .when({ type: 'Assign', ...place, ranks: RANKS.slice(0, 2) })
      .then(assigned);
  });

  it('lets nobody start before the last rank has staged, whichever that is', () => {
    given(jobDecider, submitted, assigned).when(stage(0)).then(staged(0));
    given(jobDecider, submitted, assigned, staged(0)).when(stage(1)).then(staged(1), permitted);
    given(jobDecider, submitted, assigned, staged(1)).when(stage(0)).then(staged(0), permitted);
  });

  it('is permitted once, though a rank stages again after a restart', () => {
    given(jobDecider, submitted, assigned, staged(0), staged(1), permitted).when(stage(1)).then();
  });

  it('is not permitted any more when it is cancelled, or a rank could not be staged', () => {
    const cancel = event('CancelRequested', { by: 'usr_a', reason: '' });
    given(jobDecider, submitted, assigned, staged(0), cancel).when(stage(1)).then(staged(1));
    const lost = [rankEnded(0, failed(3)), stopOthers(0, 'Rank 0 on a: Exited with code 3.')];
    given(jobDecider, submitted, assigned, staged(0), ...lost)
      .when(stage(1))
      .then(staged(1));
  });

  it('succeeds when all ranks have, with what rank 0 left', () => {
    const own = result({ finalMetrics: { loss: 1 }, endedAt: 9 });
    given(jobDecider, ...running)
      .when(end(0, own))
      .then(rankEnded(0, own));
    const last = result({ endedAt: 12, startedAt: 4 });
    given(jobDecider, ...running, rankEnded(0, own))
      .when(end(1, last))
      .then(
        rankEnded(1, last),
        event('AttemptEnded', { attempt: 1, result: { ...own, startedAt: 4, endedAt: 12 } }),
        event('JobSucceeded', {}),
      );
  });

  it('stops the others when one fails, and fails with that rank by name', () => {
    const reason = 'Rank 1 on b: Exited with code 3.';
    given(jobDecider, ...running)
      .when(end(1, failed(7)))
      .then(rankEnded(1, failed(7)), stopOthers(1, reason));
    const whole = { ...failed(8), message: reason };
    given(jobDecider, ...running, rankEnded(1, failed(7)), stopOthers(1, reason))
      .when(end(0, stopped(8)))
      .then(
        rankEnded(0, stopped(8)),
        event('AttemptEnded', { attempt: 1, result: whole }),
        event('JobFailed', { message: reason }),
      );
  });

  it('blames the rank that failed first, though another was reported first', () => {
    const victim = failed(8, 'Connection reset.');
    const cause = failed(7, 'Division by zero.');
    const events = jobDecider.decide(end(1, cause), [...running, rankEnded(0, victim)].reduce(evolveJob, initialJob));
    expect(events.at(-1)).toEqual(event('JobFailed', { message: 'Rank 1 on b: Division by zero.' }));
  });

  it('is queued again where a rank was lost, though the other one failed of it', () => {
    const lost = result({ reason: 'lost', exitCode: null, endedAt: 100, message: 'Gone.' });
    const events = jobDecider.decide(end(1, lost), [...running, rankEnded(0, failed(7))].reduce(evolveJob, initialJob));
    expect(events.at(-1)).toEqual(event('JobRequeued', { cause: 'infrastructure', notBefore: 2_000 }));
  });

  it('is cancelled when all ranks have been stopped', () => {
    const cancel = event('CancelRequested', { by: 'usr_a', reason: '' });
    given(jobDecider, ...running, cancel)
      .when(end(0, stopped(8)))
      .then(rankEnded(0, stopped(8)));
    given(jobDecider, ...running, cancel, rankEnded(0, stopped(8)))
      .when(end(1, stopped(9)))
      .then(
        rankEnded(1, stopped(9)),
        event('AttemptEnded', { attempt: 1, result: stopped(9) }),
        event('JobCancelled', {}),
      );
  });

  it('keeps rank 0 output, artifacts and checkpoints whichever rank failed', () => {
    const digest = 'd'.repeat(64);
    const kept = { digest, fileCount: 1, sizeBytes: 1 };
    const own = { ...stopped(9), artifacts: kept, checkpoints: kept, output: { stdout: null, stderr: null } };
    const events = jobDecider.decide(end(0, own), [...running, rankEnded(1, failed(7))].reduce(evolveJob, initialJob));
    const whole = events.find(({ type }) => type === 'AttemptEnded')?.data;
    expect(whole).toMatchObject({
      result: { reason: 'exited', exitCode: 3, artifacts: kept, checkpoints: kept, output: own.output },
    });
  });

  it('holds on each node only what has not ended there', () => {
    const state = [...running, rankEnded(0, result())].reduce(evolveJob, initialJob);
    expect(isPlaced(state) && partsOf(state).map(({ nodeId }) => nodeId)).toEqual([second?.nodeId]);
    expect(first?.nodeId).toBe('nod_a');
  });
});

const ends = [result(), failed(7), stopped(8), result({ reason: 'lost', exitCode: null })];
const plainFact = fc.constantFrom(...(['RecordStarting', 'RecordStarted', 'RecordReleased'] as const));
/** What is told, of any rank. */
const fact: fc.Arbitrary<(rank: number) => JobCommand> = fc.oneof(
  plainFact.map((type) => (rank: number): JobCommand => ({ type, attempt: 1, rank, at: 1 })),
  fc.constant(stage),
  fc.constantFrom(...ends).map((how) => (rank: number) => end(rank, how)),
  fc.constant((): JobCommand => ({ type: 'Cancel', by: 'usr_a', reason: '' })),
);
const facts = fc.array(fc.tuple(fact, fc.nat(2)), { maxLength: 30 });

describe('the ranks of a job, whatever is told of them and in whatever order', () => {
  it('never start by permission before all have staged, and end once, when all have ended (property)', () => {
    fc.assert(
      fc.property(facts, (told) => {
        const three = aSpec({ nodes: 3 });
        const place = { attempt: 1, nodeId: 'nod_a', devices: ['cpu-0'], ranks: RANKS };
        const log = [event('JobSubmitted', { spec: three, ...owned }), event('JobAssigned', place)];
        let state: JobState = log.reduce(evolveJob, initialJob);
        for (const [command, rank] of told) {
          if (isTerminal(state) || state.phase === 'queued') break;
          const events = jobDecider.decide(command(rank), state);
          log.push(...events);
          state = events.reduce(evolveJob, state);
        }
        const count = (type: JobEvent['type'], until = log.length) =>
          log.slice(0, until).filter((one) => one.type === type).length;
        const permission = log.findIndex(({ type }) => type === 'GangPermitted');
        expect(permission === -1 ? 3 : count('AttemptStaged', permission)).toBe(3);
        expect(count('GangPermitted')).toBeLessThanOrEqual(1);
        expect(count('RanksStopped')).toBeLessThanOrEqual(1);
        expect(count('AttemptEnded')).toBe(count('RankEnded') === 3 ? 1 : 0);
        const ranks = log.flatMap((one) => (one.type === 'RankEnded' ? [one.data.rank] : []));
        expect(new Set(ranks).size).toBe(ranks.length);
      }),
    );
  });
});
