// What a new or changed thing may look like, and who may change it.
import type { Principal } from '@baton/contracts';
import { describe as suite, expect, it } from 'vitest';
import { changeOf, demandWritable, describe, type Details } from './index.ts';

const GROUP = `grp_${'a'.repeat(26)}`;
const OTHER_GROUP = `grp_${'b'.repeat(26)}`;
const user = (userId: string, more: Partial<Principal> = {}): Principal => ({
  kind: 'user',
  userId,
  role: 'user',
  groups: [],
  credentialId: 'c',
  ...more,
});
const ada = user(`usr_${'a'.repeat(26)}`, { groups: [GROUP] });
const eve = user(`usr_${'e'.repeat(26)}`);
const details = (more: Partial<Details> = {}): Details => ({ ...describe({ name: 'digits' }, ada), ...more });
const code = (action: () => unknown): unknown => {
  try {
    action();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return null;
};

suite('describing a new thing', () => {
  it('is private where nothing else is asked for', () => {
    expect(details()).toEqual({
      name: 'digits',
      description: '',
      tags: [],
      ownerId: ada.userId,
      groupId: null,
      visibility: 'private',
    });
  });

  it('is open to the group where one is named, unless asked otherwise', () => {
    expect(describe({ name: 'd', groupId: GROUP }, ada)).toMatchObject({ groupId: GROUP, visibility: 'group' });
    expect(describe({ name: 'd', groupId: GROUP, visibility: 'private' }, ada)).toMatchObject({
      groupId: GROUP,
      visibility: 'private',
    });
  });

  it('refuses visibility "group" without a group', () => {
    expect(code(() => describe({ name: 'd', visibility: 'group' }, ada))).toBe('invalid_input');
  });

  it('refuses a name that reads as an id, since a reference may be either', () => {
    expect(code(() => describe({ name: `dst_${'a'.repeat(26)}` }, ada))).toBe('invalid_input');
  });

  it("refuses a job's token", () => {
    expect(code(() => describe({ name: 'd' }, { ...ada, kind: 'job' }))).toBe('forbidden');
  });
});

suite('changing a thing', () => {
  it('records only what differs', () => {
    expect(changeOf(details({ tags: ['a'] }), { tags: ['a'], description: 'x' })).toEqual({ description: 'x' });
    expect(changeOf(details(), { visibility: 'private', description: '' })).toBeNull();
    const shared = details({ groupId: GROUP, visibility: 'group' });
    expect(changeOf(shared, { groupId: GROUP, description: 'x' })).toEqual({ description: 'x' });
    expect(changeOf(shared, { groupId: OTHER_GROUP })).toEqual({ groupId: OTHER_GROUP });
  });

  it('makes it private when its group is taken away and nothing else is said', () => {
    const shared = details({ groupId: GROUP, visibility: 'group' });
    expect(changeOf(shared, { groupId: null })).toEqual({ visibility: 'private', groupId: null });
    expect(changeOf(shared, { groupId: null, visibility: 'everyone' })).toEqual({
      visibility: 'everyone',
      groupId: null,
    });
  });

  it('refuses visibility "group" without a group', () => {
    expect(code(() => changeOf(details(), { visibility: 'group' }))).toBe('invalid_input');
  });
});

suite('who may change a thing', () => {
  const present = (more: Partial<Details>) => ({ status: 'present', details: details(more), latest: null }) as const;

  it('is private: what the caller may not read does not exist for it', () => {
    expect(code(() => demandWritable(present({}), eve, 'dataset'))).toBe('not_found');
    expect(code(() => demandWritable({ status: 'absent' }, ada, 'dataset'))).toBe('not_found');
    expect(code(() => demandWritable({ status: 'deleted' }, ada, 'dataset'))).toBe('not_found');
  });

  it('forbids what the caller can read but does not own', () => {
    expect(code(() => demandWritable(present({ visibility: 'everyone' }), eve, 'dataset'))).toBe('forbidden');
    expect(code(() => demandWritable(present({}), { ...ada, kind: 'job' }, 'dataset'))).toBe('forbidden');
  });

  it('lets the owner and admins', () => {
    expect(code(() => demandWritable(present({}), ada, 'dataset'))).toBeNull();
    expect(code(() => demandWritable(present({}), user('usr_admin', { role: 'admin' }), 'dataset'))).toBeNull();
  });
});
