// What a group's commands guarantee.
import type { GroupEvent, MemberRole, Principal, Role } from '@baton/contracts';
import { fold, given } from '@baton/decider';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GroupCommand, groupDecider } from './group.commands.ts';

const as = (userId: string, role: Role = 'user'): Principal => ({
  kind: 'user',
  userId,
  role,
  groups: [],
  credentialId: 'tok_x',
});
const created: GroupEvent = { type: 'GroupCreated', v: 1, data: { name: 'vision', createdBy: 'ada' } };
const added = (userId: string, role: MemberRole): GroupEvent => ({ type: 'MemberAdded', v: 1, data: { userId, role } });
const removed = (userId: string): GroupEvent => ({ type: 'MemberRemoved', v: 1, data: { userId } });
const history = [created, added('ada', 'owner'), added('bob', 'member')];

describe('a group', () => {
  it('has its creator as owner, and is created once', () => {
    const create = { kind: 'CreateGroup', name: 'vision', createdBy: 'ada' } as const;
    given(groupDecider).when(create).then(created, added('ada', 'owner'));
    given(groupDecider, ...history)
      .when(create)
      .thenRefuses('name_taken');
  });

  it('takes members from its owners and from admins alone', () => {
    const add = { kind: 'AddMember', userId: 'eve', role: 'member' } as const;
    given(groupDecider, ...history)
      .when({ ...add, by: as('ada') })
      .then(added('eve', 'member'));
    given(groupDecider, ...history)
      .when({ ...add, by: as('root', 'admin') })
      .then(added('eve', 'member'));
    given(groupDecider, ...history)
      .when({ ...add, by: as('bob') })
      .thenRefuses('forbidden');
  });

  it('does not exist for strangers', () => {
    given(groupDecider, ...history)
      .when({ kind: 'AddMember', userId: 'eve', role: 'member', by: as('eve') })
      .thenRefuses('not_found');
    given(groupDecider, ...history)
      .when({ kind: 'RemoveMember', userId: 'ada', by: as('eve') })
      .thenRefuses('not_found');
    given(groupDecider)
      .when({ kind: 'AddMember', userId: 'eve', role: 'member', by: as('root', 'admin') })
      .thenRefuses('not_found');
  });

  it('lets a member leave, and refuses to lose its last owner', () => {
    given(groupDecider, ...history)
      .when({ kind: 'RemoveMember', userId: 'bob', by: as('bob') })
      .then(removed('bob'));
    given(groupDecider, ...history)
      .when({ kind: 'RemoveMember', userId: 'ada', by: as('ada') })
      .thenRefuses('conflict');
    given(groupDecider, ...history)
      .when({ kind: 'AddMember', userId: 'ada', role: 'member', by: as('ada') })
      .thenRefuses('conflict');
    given(groupDecider, ...history)
      .when({ kind: 'RemoveMember', userId: 'eve', by: as('ada') })
      .thenRefuses('not_found');
  });

  it('changes nothing when a member is added again in the same role', () => {
    given(groupDecider, ...history)
      .when({ kind: 'AddMember', userId: 'bob', role: 'member', by: as('ada') })
      .then();
    given(groupDecider, ...history)
      .when({ kind: 'AddMember', userId: 'bob', role: 'owner', by: as('ada') })
      .then(added('bob', 'owner'));
  });

  it('keeps an owner whatever is asked of it', () => {
    const person = fc.constantFrom('ada', 'bob', 'eve');
    const by = fc.tuple(person, fc.constantFrom<Role>('admin', 'user')).map(([userId, role]) => as(userId, role));
    const command: fc.Arbitrary<GroupCommand> = fc.oneof(
      fc.record({
        kind: fc.constant('AddMember' as const),
        userId: person,
        role: fc.constantFrom<MemberRole>('owner', 'member'),
        by,
      }),
      fc.record({ kind: fc.constant('RemoveMember' as const), userId: person, by }),
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 30 }), (commands) => {
        const state = commands.reduce(
          (current, next) => fold(groupDecider, accepted(next, current), current),
          fold(groupDecider, history),
        );
        expect(state.kind === 'group' && Object.values(state.members)).toContain('owner');
      }),
    );
  });
});

function accepted(command: GroupCommand, state: Parameters<typeof groupDecider.decide>[1]): readonly GroupEvent[] {
  try {
    return groupDecider.decide(command, state);
  } catch {
    return [];
  }
}
