// Old versions of events, made up here because there are none yet, are read as today's.
import { describe, expect, it } from 'vitest';
import { checkKnownEvents } from './event-schemas.ts';
import { foldCommits } from './folded-aggregate.ts';
import { nameDecider } from './name.ts';
import { decodeCommit, encodeCommit, hashOf, verifyChain } from './stored-commit.ts';
import { commit, newRef } from './testing/commits.ts';
import { upcasters } from './upcasters.ts';

const ref = newRef('name');
const subject = `evt.name.${ref.id}`;
const holderId = newRef('dataset').id;
const stored = commit({ events: [{ type: 'NameReserved', v: 1, data: { holder: holderId } }] });
const released = commit({
  revision: 2,
  prevHash: hashOf(encodeCommit(stored)),
  events: [{ type: 'NameReleased', v: 1, data: {} }],
});

const steps = upcasters([
  {
    aggregate: 'name',
    type: 'NameReserved',
    from: 2,
    upcast: (data) => ({ ...(data as object), kind: 'dataset' }),
  },
  {
    aggregate: 'name',
    type: 'NameReserved',
    from: 1,
    upcast: (data) => ({ holderId: (data as { holder: string }).holder }),
  },
]);

describe('an event of an old version', () => {
  it('is read as the newest, through every version between, and fits what is known of that', () => {
    const read = decodeCommit(1, subject, encodeCommit(stored), steps);
    expect(read.events).toEqual([{ type: 'NameReserved', v: 3, data: { kind: 'dataset', holderId } }]);
    checkKnownEvents(read, { name: { NameReserved: 3 } });
    expect(() => checkKnownEvents(read, { name: { NameReserved: 4 } })).toThrow(
      expect.objectContaining({ code: 'internal', detail: expect.stringContaining('version 3') as string }),
    );
  });

  it('keeps the hash of what is stored, so that the chain still holds', () => {
    const commits = [stored, released].map((item, index) =>
      decodeCommit(index + 1, subject, encodeCommit(item), steps),
    );
    expect(commits[0]?.hash).toBe(hashOf(encodeCommit(stored)));
    verifyChain(commits);
  });

  it('without a step to the newest version is refused, naming its position, before anything is made of it', () => {
    const read = decodeCommit(7, subject, encodeCommit(commit({ events: [{ type: 'NameReserved', v: 2, data: {} }] })));
    expect(() => foldCommits(nameDecider, [read])).toThrow(
      expect.objectContaining({ code: 'internal', detail: expect.stringContaining('position 7') as string }),
    );
  });

  it('changes nothing of events that are not meant', () => {
    const read = decodeCommit(2, subject, encodeCommit(released), steps);
    expect(read.events).toEqual(released.events);
    const other = decodeCommit(1, `evt.dataset.${newRef().id}`, encodeCommit(stored), steps);
    expect(other.events).toEqual(stored.events);
  });
});
