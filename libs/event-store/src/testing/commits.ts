// Ready-made commits for the tests of stores.
import type { AggregateName, Commit } from '@baton/contracts';
import { randomUUID } from 'node:crypto';
import { newId } from '../ids.ts';
import type { AggregateRef, EventStore, Followed, Position, RecordedCommit } from '../port.ts';

export function newRef(aggregate: AggregateName = 'dataset'): AggregateRef {
  return { aggregate, id: newId(aggregate) };
}

export function commit(members: Partial<Commit> = {}): Commit {
  return {
    envelopeV: 1,
    commitId: randomUUID(),
    commandId: randomUUID(),
    requestHash: 'r'.repeat(64),
    actor: 'system:test',
    credentialId: 'system:test',
    correlationId: 'request',
    causationId: 'request',
    revision: 1,
    prevHash: '',
    at: 1_700_000_000_000,
    events: [{ type: 'NameReleased', v: 1, data: { note: 'café' } }],
    ...members,
  };
}

/** `count` commits of one aggregate, each upon the one before. */
export async function appendMany(store: EventStore, ref: AggregateRef, count: number): Promise<RecordedCommit[]> {
  let previous = (await store.readAggregate(ref)).at(-1);
  let position = previous?.position ?? 0;
  let hash = previous?.hash ?? '';
  let revision = previous?.revision ?? 0;
  const appended: RecordedCommit[] = [];
  for (let index = 0; index < count; index += 1) {
    const next = commit({ revision: (revision += 1), prevHash: hash });
    ({ position, hash } = await store.append(ref, next, { kind: 'aggregate', position }));
    previous = { ...next, ref, position, hash };
    appended.push(previous);
  }
  return appended;
}

/** To be compared: the hash of what was read is reckoned when it is asked for. */
export function membersOf(recorded: RecordedCommit): RecordedCommit {
  return { ...recorded, hash: recorded.hash };
}

export async function all(commits: AsyncIterable<RecordedCommit>): Promise<RecordedCommit[]> {
  const taken: RecordedCommit[] = [];
  for await (const item of commits) taken.push(item);
  return taken;
}

/** Takes from a subscription until `enough` says so. */
export async function takeUntil(
  followed: AsyncIterable<Followed>,
  enough: (taken: readonly Followed[]) => boolean,
): Promise<Followed[]> {
  const taken: Followed[] = [];
  for await (const item of followed) {
    taken.push(item);
    if (enough(taken)) break;
  }
  return taken;
}

export function positionsOf(followed: readonly Followed[]): Position[] {
  return followed.flatMap((item) => (item.kind === 'commit' ? [item.commit.position] : []));
}
