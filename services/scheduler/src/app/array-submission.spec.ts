// An array's jobs in the log: all of them in the end, each once, and none may start before.
import { DEFAULT_POLICY } from '@baton/contracts';
import type { Commit, JobEvent } from '@baton/contracts';
import type { RecordedCommit } from '@baton/event-store';
import { describe, expect, it } from 'vitest';
import { aSpec } from '../testing/job-builders.ts';
import { ArraySubmission } from './array-submission.ts';
import { Leader } from './leader.ts';
import { Leadership } from './leadership.ts';
import type { CommandIdentity } from './ports.ts';

const FIRST = `job_${'a'.repeat(26)}`;
const identity: CommandIdentity = {
  commandId: 'cmd',
  requestHash: 'hash',
  actor: 'usr_a',
  credentialId: 'c',
  correlationId: 'r',
  causationId: 'r',
};

/** A log in memory that loses everything after so many commits. */
class Log {
  readonly commits: RecordedCommit[] = [];
  room = Infinity;

  issue(jobId: string, commit: Commit) {
    const position = this.commits.length + 1;
    if (position > this.room) return { position, hash: '', durable: Promise.reject(new Error('lost the log')) };
    this.commits.push({ ...commit, ref: { aggregate: 'job', id: jobId }, position, hash: '' } as RecordedCommit);
    return { position, hash: '', durable: Promise.resolve() };
  }

  async *replay() {
    yield this.commits;
  }

  readonly flushed = async () => {};
  readonly confirmed = async () => {};
  readonly readJob = async () => [];
}

async function leading(log: Log): Promise<{ leadership: Leadership; leader: Leader; stop: () => void }> {
  const ended = new AbortController();
  const newLeader = () =>
    new Leader({
      log,
      agents: { push: () => {} },
      ids: { newJobId: () => '', derivedJobId: () => '', memberJobId: () => '', newCommitId: () => 'cmt' },
      now: () => 1_000,
      nodes: () => [],
      policy: () => DEFAULT_POLICY,
      bookings: () => [],
      installationId: 'ins',
      report: (error) => expect.unreachable(String(error)),
    });
  const never = new Promise<void>(() => {});
  const lease = {
    acquire: async () => 0,
    isHeld: () => true,
    overlapMs: () => 0,
    lost: () => never,
    release: async () => {},
  };
  const leadership = new Leadership({ lease, newLeader, logLost: () => never, report: () => {} });
  const leads = new Promise<Leader>((resolve) => leadership.onLead(resolve));
  void leadership.run(ended.signal);
  return { leadership, leader: await leads, stop: () => ended.abort() };
}

const submission = (leadership: Leadership, count: number) =>
  new ArraySubmission(
    { leadership, ids: { memberJobId: (arrayId, index) => `${arrayId}.${index}` } },
    {
      plan: { count, values: null, parallel: null },
      job: { spec: aSpec(), owned: { ownerId: 'usr_a', groupId: null, visibility: 'private' } },
      identity,
      firstId: FIRST,
    },
  ).submit();

const indices = (log: Log) =>
  log.commits.flatMap(({ events }) =>
    (events as JobEvent[]).flatMap((event) => (event.type === 'JobSubmitted' ? (event.data.array?.index ?? []) : [])),
  );
const queued = (leader: Leader) => leader.ledger.engine.queueIndex.size;

describe('an array of jobs', () => {
  it('is submitted whole, in order', async () => {
    const log = new Log();
    const { leadership, leader, stop } = await leading(log);
    expect(await submission(leadership, 10_000)).toMatchObject({ id: FIRST, array: { count: 10_000 } });
    expect(indices(log)).toEqual(Array.from({ length: 10_000 }, (_, index) => index));
    expect(queued(leader)).toBe(10_000);
    stop();
  });

  it('that was interrupted has no job that may start, and is completed when it is submitted again', async () => {
    const log = new Log();
    log.room = 300;
    const before = await leading(log);
    await expect(submission(before.leadership, 450)).rejects.toMatchObject({ code: 'outcome_unknown' });
    before.stop();
    log.room = Infinity;
    const { leadership, leader, stop } = await leading(log);
    expect([leader.ledger.membersOf(FIRST.replace('job', 'arr')).length, queued(leader)]).toEqual([300, 0]);
    expect(await submission(leadership, 450)).toMatchObject({ id: FIRST, array: { count: 450 } });
    expect(indices(log)).toEqual(Array.from({ length: 450 }, (_, index) => index));
    expect(queued(leader)).toBe(450);
    stop();
  });

  it('is not written on by a leader that leads no more', async () => {
    const log = new Log();
    const { leadership, stop } = await leading(log);
    const submitted = submission(leadership, 450);
    stop();
    await expect(submitted).rejects.toMatchObject({ code: 'outcome_unknown' });
    expect(indices(log).length).toBeLessThan(450);
  });
});
