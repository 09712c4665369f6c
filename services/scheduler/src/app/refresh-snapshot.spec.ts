// With a snapshot a leader reads only what came after it, and is in the same state as without.
import { type Commit, DEFAULT_POLICY } from '@baton/contracts';
import { type EventStore, memoryEventStore, type PipelinedEventStore } from '@baton/event-store';
import { expect, it, vi } from 'vitest';
import { openStreamJobLog } from '../adapters/stream-job-log.ts';
import { aSpec } from '../testing/job-builders.ts';
import { Leader } from './leader.ts';
import type { LedgerSnapshot, Snapshots } from './ports.ts';
import { SnapshotRefresher } from './refresh-snapshot.ts';

const owned = { ownerId: 'usr_a', groupId: null, visibility: 'private' } as const;
const idOf = (letter: string) => `job_${letter.repeat(26)}`;
const never = new AbortController().signal;

function kept(): Snapshots & { snapshot: LedgerSnapshot | null } {
  let making = 0;
  return {
    snapshot: null,
    async latest() {
      return this.snapshot;
    },
    async save(snapshot) {
      this.snapshot = structuredClone(snapshot);
    },
    last() {
      return { position: this.snapshot?.position ?? 0, jobs: this.snapshot?.saved.jobs.length ?? 0 };
    },
    making: (work) => {
      making += 1;
      return work().finally(() => (making -= 1));
    },
    isMaking: () => making > 0,
  };
}

async function leaderOn(
  store: PipelinedEventStore,
  snapshots?: Snapshots,
): Promise<{ leader: Leader; read: number[] }> {
  const log = openStreamJobLog(store);
  const read: number[] = [];
  let commits = 0;
  const leader = new Leader({
    log: {
      ...log,
      async *replay(after) {
        for await (const commits of log.replay(after)) {
          read.push(...commits.map(({ position }) => position));
          yield commits;
        }
      },
    },
    agents: { push: () => {} },
    ids: {
      newJobId: () => '',
      derivedJobId: () => '',
      memberJobId: () => '',
      newCommitId: () => `cmt-${(commits += 1)}-${read.length}`,
    },
    now: () => 1_000,
    nodes: () => [],
    policy: () => DEFAULT_POLICY,
    bookings: () => [],
    installationId: 'ins',
    report: (error) => expect.unreachable(String(error)),
    ...(snapshots === undefined ? {} : { snapshots }),
  });
  await leader.rebuild(0);
  return { leader, read };
}

function refresh(snapshots: Snapshots, log: Pick<EventStore, 'lastPosition' | 'readAll'>, worthCommits: number) {
  return new SnapshotRefresher(snapshots, log, { worthCommits, burstCommits: Infinity }).look(never);
}

async function submit(leader: Leader, letter: string): Promise<void> {
  const command = { type: 'Submit', spec: aSpec({ name: letter }), owned, rerunOf: null } as const;
  await leader.execute(idOf(letter), command, leader.systemIdentity('test')).durable;
}

it('begins behind the snapshot, in the state and with the term that the whole log gives', async () => {
  const store = memoryEventStore({ stream: 'JOBS' });
  const snapshots = kept();
  const first = await leaderOn(store);
  await submit(first.leader, 'a');
  await submit(first.leader, 'b');
  expect(await refresh(snapshots, store, 3)).toBe(false);
  expect(await refresh(snapshots, store, 2)).toBe(true);
  expect(snapshots.snapshot?.position).toBe(2);
  await submit(first.leader, 'c');

  const [with_, without] = [await leaderOn(store, snapshots), await leaderOn(store)];
  expect(with_.read).toEqual([3]);
  expect(without.read).toEqual([1, 2, 3]);
  expect([...with_.leader.ledger.records()]).toEqual([...without.leader.ledger.records()]);
  await submit(with_.leader, 'd');
  const terms: (number | undefined)[] = [];
  for await (const commit of store.readAll(0)) terms.push((commit satisfies Commit).term);
  expect(terms).toEqual([1, 1, 1, 2]);
});

it('is written again when as much has come as it holds', async () => {
  const store = memoryEventStore({ stream: 'JOBS' });
  const snapshots = kept();
  const { leader } = await leaderOn(store);
  await submit(leader, 'a');
  await submit(leader, 'b');
  expect(await refresh(snapshots, store, 1)).toBe(true);
  await submit(leader, 'c');
  expect(await refresh(snapshots, store, 1)).toBe(false);
  await submit(leader, 'd');
  expect(await refresh(snapshots, store, 1)).toBe(true);
});

it('goes on from the snapshot before it', async () => {
  const store = memoryEventStore({ stream: 'JOBS' });
  const snapshots = kept();
  const { leader } = await leaderOn(store);
  await submit(leader, 'a');
  await refresh(snapshots, store, 1);
  await submit(leader, 'b');
  const asked: number[] = [];
  const watched = {
    lastPosition: () => store.lastPosition(),
    readAll: (after: number) => {
      asked.push(after);
      return store.readAll(after);
    },
  };
  expect(await refresh(snapshots, watched, 1)).toBe(true);
  expect(asked).toEqual([1]);
  expect(snapshots.snapshot?.saved.jobs.map(({ id }) => id)).toEqual([idOf('a'), idOf('b')]);
});

it.each([
  { submitted: ['a', 'bc', 'd'], saved: [false, false, true] },
  { submitted: ['a', 'bc', 'de'], saved: [false, false, true] },
  { submitted: ['abcd'], saved: [true] },
])('waits while many submit, until twice as much has come: $submitted', async ({ submitted, saved }) => {
  const store = memoryEventStore({ stream: 'JOBS' });
  const { leader } = await leaderOn(store);
  const refresher = new SnapshotRefresher(kept(), store, { worthCommits: 2, burstCommits: 1 });
  const looks: boolean[] = [];
  for (const letters of submitted) {
    for (const letter of letters) await submit(leader, letter);
    looks.push(await refresher.look(never));
  }
  expect(looks).toEqual(saved);
});

it('is made by one at a time, and not beside a leader that reads the log', async () => {
  const store = memoryEventStore({ stream: 'JOBS' });
  const { leader } = await leaderOn(store);
  for (const letter of 'abc') await submit(leader, letter);
  const { promise: goesOn, resolve: goOn } = Promise.withResolvers<void>();
  let reads = 0;
  const slow = {
    lastPosition: () => store.lastPosition(),
    async *readAll(after: number) {
      reads += 1;
      await goesOn;
      yield* store.readAll(after);
    },
  };
  const snapshots = kept();
  const refresher = new SnapshotRefresher(snapshots, slow, { worthCommits: 1, burstCommits: Infinity });
  const first = refresher.look(never);
  await vi.waitFor(() => expect(reads).toBe(1), { timeout: 60_000 });
  expect(await refresher.look(never)).toBe(false);
  goOn();
  expect(await first).toBe(true);

  const leads = Promise.withResolvers<void>();
  const reading = snapshots.making(() => leads.promise);
  for (const letter of 'def') await submit(leader, letter);
  expect(await refresher.look(never)).toBe(false);
  leads.resolve();
  await reading;
  expect(await refresher.look(never)).toBe(true);
  expect(reads).toBe(2);
});
