// Erasing a person, on a real nats-server with one user a role: what is gone, what stays, and what a crash or an older log leaves.
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Principal, userRpc } from '@baton/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anonymous, PASSWORD, scheduler, startWorld, type World } from './testing/world.ts';

let world: World;
let admin: Principal;
const refused = (code: string) => expect.objectContaining({ code });
const keyOf = (userId: string) => join(world.keysFolder, 'users', `${userId}.key`);

beforeAll(async () => {
  world = await startWorld();
  admin = await world.admin();
});
afterAll(() => world?.close());

const shown = (userId: string) => world.call(userRpc.getUser, admin, { id: userId });
const standIn = (userId: string) => ({
  email: `${userId.slice(4)}@erased.invalid`,
  name: `erased user ${userId.slice(4, 10)}`,
  disabled: true,
  erased: true,
});

describe('an erased person', () => {
  it('is asked for by admins alone, and nobody erases themselves', async () => {
    const bob = await world.person('bob@example.org');
    await expect(world.call(userRpc.eraseUser, bob, { id: admin.userId })).rejects.toEqual(refused('forbidden'));
    await expect(world.call(userRpc.eraseUser, admin, { id: 'me' })).rejects.toEqual(refused('conflict'));
    await expect(world.call(userRpc.eraseUser, admin, { id: 'no@example.org' })).rejects.toEqual(refused('not_found'));
    expect(await shown(bob.userId)).toMatchObject({ email: 'bob@example.org', erased: false });
  });

  it('is out, without key, secrets, tokens, groups and address; a stand-in takes their place, also after a rebuild', async () => {
    const ada = await world.person('ada@example.org');
    const session = await world.logIn('ada@example.org');
    const { token } = await world.call(userRpc.createToken, ada, { label: 'laptop' });
    const { id: secretId } = await world.call(userRpc.setSecret, ada, { name: 'KEY', value: 'a value' });
    const bob = await world.person('bert@example.org');
    const { id: shared } = await world.call(userRpc.createGroup, bob, { name: 'shared' });
    await world.call(userRpc.addMember, bob, { id: shared, userId: 'ada@example.org' });
    const { id: own } = await world.call(userRpc.createGroup, ada, { name: 'own' });
    await readable(() => world.call(userRpc.listSecrets, ada, {}), 1);

    const { id } = await world.call(userRpc.eraseUser, admin, { id: 'ada@example.org' });

    expect(id).toBe(ada.userId);
    for (const dead of [session.token, token])
      await expect(world.authenticate(dead)).rejects.toEqual(refused('unauthenticated'));
    await expect(world.logIn('ada@example.org')).rejects.toEqual(refused('unauthenticated'));
    await expect(
      world.call(userRpc.issueJobToken, scheduler, { ownerId: id, jobId: `job_${'a'.repeat(26)}`, attempt: 1 }),
    ).rejects.toEqual(refused('conflict'));
    expect(existsSync(keyOf(id))).toBe(false);
    expect(await readdir(join(world.keysFolder, 'secrets', secretId))).toEqual([]);
    expect(await world.call(userRpc.missingSecrets, scheduler, { ownerId: id, names: ['KEY'] })).toEqual({
      missing: ['KEY'],
    });
    const members = async (group: string) => (await world.call(userRpc.getGroup, admin, { id: group })).members;
    await readable(async () => ({ items: (await members(shared)).filter(({ userId }) => userId === id) }), 0);
    // Somebody has to own it, if only by name.
    expect(await members(own)).toEqual([{ userId: id, role: 'owner' }]);

    await readable(async () => ({ items: [await shown(id)].filter(({ erased }) => erased) }), 1);
    const before = await shown(id);
    expect(before).toMatchObject(standIn(id));
    await world.stopService();
    await world.forgetReadModels();
    await world.startService();
    expect(await shown(id)).toEqual(before);
  });

  it('leaves the address to whoever comes next, who is somebody else', async () => {
    const first = await world.person('carl@example.org');
    await world.call(userRpc.eraseUser, admin, { id: first.userId });
    const second = await world.person('carl@example.org');
    expect(second.userId).not.toBe(first.userId);
    expect(await shown(second.userId)).toMatchObject({ email: 'carl@example.org', erased: false });
  });

  it('whose erasure is repeated, or was cut short, is erased all the same', async () => {
    const { userId } = await world.person('dora@example.org');
    const key = await readFile(keyOf(userId));
    const first = await world.call(userRpc.eraseUser, admin, { id: userId });
    expect(await world.call(userRpc.eraseUser, admin, { id: userId })).toEqual(first);
    // As if it had ended with the event: the key is still there.
    await world.stopService();
    await writeFile(keyOf(userId), key, { mode: 0o600 });
    await world.startService();
    expect(existsSync(keyOf(userId))).toBe(false);
  });

  it('is erased again in a log that was set back to before, where the address can be used again, too', async () => {
    const { userId } = await world.person('elsa@example.org');
    await world.call(userRpc.setSecret, { ...admin, userId }, { name: 'OLD', value: 'x' });
    await world.stopService();
    // What a restored backup of an earlier time holds, with the note of a later one.
    await writeFile(join(world.keysFolder, 'users', `${userId}.erased`), '');
    await world.startService();
    expect(existsSync(keyOf(userId))).toBe(false);
    expect(await shown(userId)).toMatchObject(standIn(userId));
    await expect(world.logIn('elsa@example.org')).rejects.toEqual(refused('unauthenticated'));
    const { missing } = await world.call(userRpc.missingSecrets, scheduler, { ownerId: userId, names: ['OLD'] });
    expect(missing).toEqual(['OLD']);
    expect((await world.person('elsa@example.org')).userId).not.toBe(userId);
  });

  it('who lost the key before the address was given back does not keep others from it', async () => {
    const { userId } = await world.person('finn@example.org');
    await world.stopService();
    await rm(keyOf(userId));
    await world.startService();
    await world.call(userRpc.eraseUser, admin, { id: userId });
    const { token } = await world.call(userRpc.createInvite, admin, {});
    const form = { token, email: 'finn@example.org', name: 'Finn', password: PASSWORD };
    const made = await world.call(userRpc.signUp, anonymous, form);
    expect(made.id).not.toBe(userId);
    expect(await world.call(userRpc.signUp, anonymous, form)).toEqual(made);
  });
});

/** Read models follow by a moment. */
async function readable(read: () => Promise<{ readonly items: readonly unknown[] }>, count: number): Promise<void> {
  await expect.poll(async () => (await read()).items.length).toBe(count);
}
