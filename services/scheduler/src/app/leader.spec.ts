// What the leader does when the log takes nothing.
import { DEFAULT_POLICY } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { aDescription, aSpec } from '../testing/job-builders.ts';
import { Leader, type LeaderPorts } from './leader.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const NODE = {
  id: 'nod_a',
  heard: true,
  state: {
    phase: 'known',
    description: aDescription('a', { cpu: 1 }),
    reachable: true,
    cordoned: null,
    admission: null,
  },
} as const;

/** Over a log that takes everything at once. */
function aLeader(more: Partial<LeaderPorts> = {}): Leader {
  let position = 0;
  return new Leader({
    log: {
      replay: async function* () {},
      issue: () => ({ position: (position += 1), hash: '', durable: Promise.resolve() }),
      flushed: async () => {},
      confirmed: async () => {},
      readJob: async () => [],
    },
    agents: { push: () => {} },
    ids: { newJobId: () => '', derivedJobId: () => '', memberJobId: () => '', newCommitId: () => 'cmt' },
    now: Date.now,
    nodes: () => [],
    policy: () => DEFAULT_POLICY,
    bookings: () => [],
    installationId: 'ins',
    report: (error) => expect.unreachable(String(error)),
    ...more,
  });
}

it('cancels a job that can never start as soon as its predecessor has failed, and those that wait for it', () => {
  const leader = aLeader();
  const submit = (id: string, ...ids: string[]) => {
    const spec = aSpec({ after: ids.map((jobId) => ({ jobId, when: 'success' })) });
    const owned = { ownerId: 'usr', groupId: null, visibility: 'private' } as const;
    leader.execute(id, { type: 'Submit', spec, owned, rerunOf: null }, leader.systemIdentity('test'));
  };
  submit('job_1');
  submit('job_2', 'job_1');
  submit('job_3', 'job_2');
  submit('job_4');
  leader.execute('job_1', { type: 'Cancel', by: 'usr', reason: '' }, leader.systemIdentity('test'));
  leader.pass();
  expect(['job_1', 'job_2', 'job_3', 'job_4'].map((id) => leader.ledger.active(id)?.state.phase)).toEqual([
    undefined,
    undefined,
    undefined,
    'queued',
  ]);
  leader.stop();
});

it('tells no node what it may have, once another leads: the log does not wait for its own writes any more', async () => {
  const push = vi.fn<LeaderPorts['agents']['push']>();
  const leader = aLeader({ nodes: () => [NODE], agents: { push } });
  await expect(leader.desired(NODE.id)).resolves.toMatchObject({ attempts: [] });
  leader.stop();
  await expect(leader.desired(NODE.id)).rejects.toMatchObject({ code: 'outcome_unknown' });
  leader.push(NODE.id);
  await Promise.resolve();
  expect(push).not.toHaveBeenCalled();
});

it('starts a job at its time, months from now or after the clock was set forward, and does not spin until then', () => {
  let passes = 0;
  const leader = aLeader({
    nodes: () => {
      passes += 1;
      return [];
    },
  });
  const owned = { ownerId: 'usr', groupId: null, visibility: 'private' } as const;
  const spec = aSpec({ beginAt: Date.now() + 90 * 86_400_000 });
  leader.execute('job_1', { type: 'Submit', spec, owned, rerunOf: null }, leader.systemIdentity('test'));
  leader.pass();
  vi.advanceTimersByTime(3_600_000);
  expect(passes).toBeLessThan(100);
  expect(leader.ledger.gate('job_1')).toMatchObject({ code: 'begin-later' });
  vi.setSystemTime(spec.beginAt ?? 0);
  vi.advanceTimersByTime(60_000);
  expect(leader.ledger.gate('job_1')).toBe(null);
  leader.stop();
});

it('refuses what it can not record, keeps its state, and assigns the queue by itself when there is room', () => {
  let room = true;
  let position = 0;
  const leader = aLeader({
    log: {
      replay: async function* () {},
      issue: () => {
        if (!room) throw new PlatformError('storage_full', 'full');
        return { position: (position += 1), hash: `hash-${position}`, durable: Promise.resolve() };
      },
      flushed: async () => {},
      confirmed: async () => {},
      readJob: async () => [],
    },
    nodes: () => [NODE],
  });
  const submit = (id: string) =>
    leader.execute(
      id,
      {
        type: 'Submit',
        spec: aSpec(),
        owned: { ownerId: 'usr', groupId: null, visibility: 'private' },
        rerunOf: null,
      },
      leader.systemIdentity('test'),
    );
  const phase = (id: string) => leader.ledger.active(id)?.state.phase;
  submit('job_1');

  room = false;
  expect(() => submit('job_2')).toThrow(expect.objectContaining({ code: 'storage_full' }) as Error);
  leader.pass();
  vi.advanceTimersByTime(5_000);
  expect([phase('job_1'), phase('job_2')]).toEqual(['queued', undefined]);

  room = true;
  vi.advanceTimersByTime(1_000);
  expect(phase('job_1')).toBe('assigned');
  leader.stop();
});
