// What people have, on a real nats-server with one user a role: tokens, groups, secrets.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Principal, userRpc } from '@baton/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anonymous, scheduler, startWorld, type World } from './testing/world.ts';

let world: World;
let admin: Principal;
let ada: Principal;
let bob: Principal;
const refused = (code: string) => expect.objectContaining({ code });

beforeAll(async () => {
  world = await startWorld();
  admin = await world.admin();
  ada = await world.person('ada@example.org');
  bob = await world.person('bob@example.org');
});
afterAll(() => world?.close());

describe('tokens', () => {
  it('lose their effect the moment that their revocation is answered, and other processes are told', async () => {
    const { id, token } = await world.call(userRpc.createToken, ada, { label: 'laptop' });
    expect(await world.authenticate(token)).toMatchObject({ userId: ada.userId, credentialId: id });
    const note = world.nextNote();
    await expect(world.call(userRpc.revokeToken, bob, { id })).rejects.toEqual(refused('not_found'));
    await world.call(userRpc.revokeToken, ada, { id });
    await expect(world.authenticate(token)).rejects.toEqual(refused('unauthenticated'));
    expect(await note).toEqual({ credentialId: id });
  });

  it('are shown again, not made again, for the same idempotency key', async () => {
    const meta = { idempotencyKey: 'laptop-1' };
    const first = await world.call(userRpc.createToken, ada, { label: 'once', expiresInDays: 1 }, meta);
    expect(await world.call(userRpc.createToken, ada, { label: 'once', expiresInDays: 1 }, meta)).toEqual(first);
    expect(await world.authenticate(first.token)).toMatchObject({ credentialId: first.id });
    await expect(world.call(userRpc.createToken, ada, { label: 'other' }, meta)).rejects.toEqual(
      refused('idempotency_key_reused'),
    );
    const others = await world.call(userRpc.createToken, bob, { label: 'once', expiresInDays: 1 }, meta);
    expect(others.id).not.toBe(first.id);
  });

  it('are refused with a wrong secret, and after log-out', async () => {
    const { token, principal } = await world.logIn('ada@example.org');
    const changed = token.slice(0, -2) + (token.endsWith('AA') ? 'BB' : 'AA');
    await expect(world.authenticate(changed)).rejects.toEqual(refused('unauthenticated'));
    await world.call(userRpc.logOut, principal, {});
    await expect(world.authenticate(token)).rejects.toEqual(refused('unauthenticated'));
  });

  it('are listed to their holder, without those of jobs', async () => {
    await issueJobToken(bob.userId, 7);
    const made = await world.call(userRpc.createToken, bob, { label: 'listed' });
    const { items } = await eventually(
      () => world.call(userRpc.listTokens, bob, { sort: '-createdAt' }),
      (page) => page.items.some((item) => item.id === made.id),
    );
    expect(items.every((item) => item.userId === bob.userId && item.kind !== 'job')).toBe(true);
    expect(items.find((item) => item.id === made.id)).toMatchObject({
      label: 'listed',
      revoked: false,
      kind: 'api',
      expiresAt: null,
    });
    expect(JSON.stringify(items)).not.toContain(made.token.slice(31));
  });

  it('of a job are the same for the same attempt, act as that job alone, and come from the platform alone', async () => {
    const [first, again, second] = [
      await issueJobToken(admin.userId, 1),
      await issueJobToken(admin.userId, 1),
      await issueJobToken(admin.userId, 2),
    ];
    expect(again).toBe(first);
    expect(second).not.toBe(first);
    const job = await world.authenticate(first);
    expect(job).toMatchObject({ kind: 'job', userId: admin.userId, role: 'user', jobId: JOB_ID, attempt: 1 });
    expect(await world.authenticate(second)).toMatchObject({ jobId: JOB_ID, attempt: 2 });
    await expect(world.call(userRpc.createToken, job, { label: 'x' })).rejects.toEqual(refused('forbidden'));
    await expect(world.call(userRpc.listUsers, job, {})).rejects.toEqual(refused('forbidden'));
    await expect(
      world.call(userRpc.issueJobToken, admin, { ownerId: ada.userId, jobId: JOB_ID, attempt: 1 }),
    ).rejects.toEqual(refused('forbidden'));
  });
});

describe('groups', () => {
  it('belong to their members: seen by them, changed by their owners, and in their principals at once', async () => {
    const { token } = await world.logIn('bob@example.org');
    const { id } = await world.call(userRpc.createGroup, ada, { name: 'vision' });
    await expect(world.call(userRpc.getGroup, bob, { id: 'vision' })).rejects.toEqual(refused('not_found'));
    await expect(world.call(userRpc.addMember, bob, { id, userId: bob.userId })).rejects.toEqual(refused('not_found'));
    const note = world.nextNote();
    const { revision } = await world.call(userRpc.addMember, ada, { id: 'vision', userId: bob.userId });
    expect(await world.authenticate(token)).toMatchObject({ groups: [id] });
    expect(await note).toEqual({ userId: bob.userId });
    const members = [
      { userId: ada.userId, role: 'owner' },
      { userId: bob.userId, role: 'member' },
    ];
    expect(await world.call(userRpc.getGroup, bob, { id }, { waitForRevision: revision })).toMatchObject({
      name: 'vision',
      members,
      revision,
    });
    expect((await world.call(userRpc.listGroups, bob, {})).items.map((group) => group.id)).toEqual([id]);
    await expect(world.call(userRpc.removeMember, bob, { id, userId: ada.userId })).rejects.toEqual(
      refused('forbidden'),
    );
    await world.call(userRpc.removeMember, ada, { id, userId: bob.userId });
    expect(await world.authenticate(token)).toMatchObject({ groups: [] });
  });

  it('have unique names, and are created once for the same idempotency key', async () => {
    const meta = { idempotencyKey: 'group-1' };
    const first = await world.call(userRpc.createGroup, ada, { name: 'speech' }, meta);
    expect(await world.call(userRpc.createGroup, ada, { name: 'speech' }, meta)).toEqual(first);
    await expect(world.call(userRpc.createGroup, ada, { name: 'other-name' }, meta)).rejects.toEqual(
      refused('idempotency_key_reused'),
    );
    await expect(world.call(userRpc.createGroup, bob, { name: 'speech' })).rejects.toEqual(refused('name_taken'));
  });

  it('take no member who does not exist', async () => {
    const { id } = await world.call(userRpc.createGroup, ada, { name: 'audio' });
    for (const userId of [`usr_${'a'.repeat(26)}`, 'nobody@example.org', 'bob', 'constructor']) {
      await expect(world.call(userRpc.addMember, ada, { id, userId })).rejects.toEqual(refused('not_found'));
      await expect(world.call(userRpc.removeMember, ada, { id, userId })).rejects.toEqual(refused('not_found'));
    }
  });

  it('take and lose members by their address, whatever its case, and let them leave as "me"', async () => {
    const { id } = await world.call(userRpc.createGroup, ada, { name: 'by-address' });
    const members = async (revision: number) => {
      const group = await world.call(userRpc.getGroup, admin, { id }, { waitForRevision: revision });
      return group.members.map(({ userId }) => userId);
    };
    const add = () => world.call(userRpc.addMember, ada, { id: 'by-address', userId: 'Bob@Example.org' });
    expect(await members((await add()).revision)).toEqual([ada.userId, bob.userId]);
    const removed = await world.call(userRpc.removeMember, ada, { id, userId: 'bob@example.org' });
    expect(await members(removed.revision)).toEqual([ada.userId]);
    await add();
    const left = await world.call(userRpc.removeMember, bob, { id, userId: 'me' });
    expect(await members(left.revision)).toEqual([ada.userId]);
  });

  it('tell nobody but those who may change them whether an address has an account', async () => {
    const { id } = await world.call(userRpc.createGroup, ada, { name: 'silent' });
    const said = (caller: Principal, userId: string) =>
      Promise.all(
        [userRpc.addMember, userRpc.removeMember].map((operation) =>
          world
            .call(operation, caller, { id, userId })
            .catch((error: Error & { code: string }) => [error.code, error.message]),
        ),
      );
    for (const expected of ['not_found', 'forbidden']) {
      const known = await said(bob, 'ada@example.org');
      expect(known).toEqual([expect.arrayContaining([expected]), expect.arrayContaining([expected])]);
      expect(await said(bob, 'nobody@example.org')).toEqual(known);
      await world.call(userRpc.addMember, ada, { id, userId: bob.userId });
    }
  });

  it('are resolved by name or id to their members and admins; to all others they are not there', async () => {
    const { id } = await world.call(userRpc.createGroup, ada, { name: 'shared' });
    const pinned = { groupId: id, groupName: 'shared' };
    for (const ref of [id, 'shared', 'Shared']) {
      expect(await world.call(userRpc.resolveGroup, ada, { ref })).toEqual(pinned);
      expect(await world.call(userRpc.resolveGroup, admin, { ref })).toEqual(pinned);
    }
    const said = async (caller: Principal, ref: string) => {
      const error = await world.call(userRpc.resolveGroup, caller, { ref }).then(
        () => null,
        (thrown: unknown) => thrown as Error & { code: string; issues: unknown },
      );
      return { code: error?.code, message: error?.message.replace(ref, 'REF'), issues: error?.issues };
    };
    const unknown = await said(bob, 'no-such-group');
    expect(unknown).toMatchObject({ code: 'not_found', issues: [{ pointer: '/group' }] });
    for (const ref of [id, 'shared', `grp_${'n'.repeat(26)}`]) expect(await said(bob, ref)).toEqual(unknown);
    expect(await said(admin, 'no-such-group')).toEqual(unknown);
    await expect(world.call(userRpc.resolveGroup, anonymous, { ref: 'shared' })).rejects.toEqual(
      refused('unauthenticated'),
    );
  });

  it('have no name that reads as an id', async () => {
    const name = `grp_${'x'.repeat(26)}`;
    await expect(world.call(userRpc.createGroup, ada, { name })).rejects.toEqual(refused('invalid_input'));
  });
});

describe('secrets', () => {
  it('give their newest value to the platform alone', async () => {
    await world.call(userRpc.setSecret, ada, { name: 'HF_TOKEN', value: 'first-value-of-ada' });
    await world.call(userRpc.setSecret, ada, { name: 'HF_TOKEN', value: 'second-value-of-ada' });
    const asked = { ownerId: ada.userId, names: ['HF_TOKEN'] };
    expect(await world.call(userRpc.resolveSecrets, scheduler, asked)).toEqual({
      values: { HF_TOKEN: 'second-value-of-ada' },
    });
    for (const principal of [ada, admin, anonymous]) {
      await expect(world.call(userRpc.resolveSecrets, principal, asked)).rejects.toEqual(refused('forbidden'));
      await expect(world.call(userRpc.missingSecrets, principal, asked)).rejects.toEqual(refused('forbidden'));
    }
  });

  it('are named where they are missing, and belong to one user', async () => {
    const asked = { ownerId: bob.userId, names: ['HF_TOKEN', 'NOPE'] };
    expect(await world.call(userRpc.missingSecrets, scheduler, asked)).toEqual({ missing: ['HF_TOKEN', 'NOPE'] });
    await expect(world.call(userRpc.resolveSecrets, scheduler, asked)).rejects.toThrow(/HF_TOKEN, NOPE/);
  });

  it('keep one file, readable by the service alone, and none after deletion', async () => {
    const { id } = await world.call(userRpc.setSecret, bob, { name: 'KEY', value: 'value-1' });
    await world.call(userRpc.setSecret, bob, { name: 'KEY', value: 'value-2' });
    const folder = join(world.keysFolder, 'secrets', id);
    expect(await readdir(folder)).toEqual(['2']);
    expect((await stat(join(folder, '2'))).mode & 0o777).toBe(0o600);
    // A repeat of the first request sets nothing and leaves no value behind.
    const meta = { idempotencyKey: 'key-3' };
    const third = await world.call(userRpc.setSecret, bob, { name: 'KEY', value: 'value-3' }, meta);
    expect(await world.call(userRpc.setSecret, bob, { name: 'KEY', value: 'value-3' }, meta)).toEqual(third);
    const other = world.call(userRpc.setSecret, bob, { name: 'KEY', value: 'value-4' }, meta);
    await expect(other).rejects.toEqual(refused('idempotency_key_reused'));
    expect(await readdir(folder)).toEqual(['3']);
    await world.call(userRpc.deleteSecret, bob, { name: 'KEY' });
    expect(await readdir(folder)).toEqual([]);
    await expect(world.call(userRpc.deleteSecret, bob, { name: 'KEY' })).rejects.toEqual(refused('not_found'));
  });

  it('keep the last of many values that are set at the same time', async () => {
    const values = Array.from({ length: 4 }, (_, index) => `value-${index}`);
    await Promise.all(values.map((value) => world.call(userRpc.setSecret, bob, { name: 'RACE', value })));
    const { values: resolved } = await world.call(userRpc.resolveSecrets, scheduler, {
      ownerId: bob.userId,
      names: ['RACE'],
    });
    expect(values).toContain(resolved['RACE']);
  });
});

const JOB_ID = `job_${'j'.repeat(26)}`;

async function issueJobToken(ownerId: string, attempt: number): Promise<string> {
  return (await world.call(userRpc.issueJobToken, scheduler, { ownerId, jobId: JOB_ID, attempt })).token;
}

async function eventually<T>(read: () => Promise<T>, isThere: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + 5_000;
  for (;;) {
    const value = await read();
    if (isThere(value) || Date.now() > deadline) return value;
  }
}
