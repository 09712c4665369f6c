// What the index of memberships guarantees.
import type { GroupEvent } from '@baton/contracts';
import { describe, expect, it } from 'vitest';
import { evolveGroup, type GroupState, initialGroup } from '../domain/group.ts';
import { Memberships } from './memberships.ts';

const created: GroupEvent = { type: 'GroupCreated', v: 1, data: { name: 'vision', createdBy: 'ada' } };
const added = (userId: string): GroupEvent => ({ type: 'MemberAdded', v: 1, data: { userId, role: 'member' } });
const removed = (userId: string): GroupEvent => ({ type: 'MemberRemoved', v: 1, data: { userId } });
const after = (...events: GroupEvent[]): GroupState => events.reduce(evolveGroup, initialGroup);

describe('the index of memberships', () => {
  it('follows members in and out of groups', () => {
    const index = new Memberships();
    index.follow({ id: 'grp_b', revision: 1, events: [created, added('ada')] });
    index.follow({ id: 'grp_a', revision: 1, events: [created, added('ada'), added('bob')] });
    expect(index.groupsOf('ada')).toEqual(['grp_a', 'grp_b']);
    index.follow({ id: 'grp_a', revision: 2, events: [removed('ada')] });
    expect(index.groupsOf('ada')).toEqual(['grp_b']);
    expect(index.groupsOf('bob')).toEqual(['grp_a']);
    expect(index.groupsOf('eve')).toEqual([]);
  });

  it('takes a write at once, and the same commit from the log as old news', () => {
    const index = new Memberships();
    index.follow({ id: 'grp_a', revision: 1, events: [created, added('ada'), added('bob')] });
    index.put('grp_a', { state: after(created, added('ada'), added('bob'), removed('bob')), revision: 2 });
    expect(index.groupsOf('bob')).toEqual([]);
    index.follow({ id: 'grp_a', revision: 1, events: [created, added('ada'), added('bob')] });
    index.follow({ id: 'grp_a', revision: 2, events: [removed('bob')] });
    expect(index.groupsOf('bob')).toEqual([]);
    expect(index.groupsOf('ada')).toEqual(['grp_a']);
  });
});
