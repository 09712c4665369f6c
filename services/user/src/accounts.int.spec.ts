// Accounts on a real nats-server with one user a role: sign-up, log-in, what the log and the disk hold, restarts.
import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Principal, userRpc } from '@baton/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, anonymous, PASSWORD, scheduler, startWorld, type World } from './testing/world.ts';

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

describe('sign-up', () => {
  it('made the first user the admin, and used up the one-time token', async () => {
    expect(admin).toMatchObject({ kind: 'user', role: 'admin' });
    expect(ada).toMatchObject({ kind: 'user', role: 'user', groups: [] });
    expect(existsSync(world.adminTokenFile)).toBe(false);
    const again = { token: ADMIN_TOKEN, email: 'eve@example.org', name: 'Eve', password: PASSWORD };
    await expect(world.call(userRpc.signUp, anonymous, again)).rejects.toEqual(refused('unauthenticated'));
    // Also if the file should come back, by a crash before it was removed or from a backup.
    await world.writeAdminToken();
    await expect(world.call(userRpc.signUp, anonymous, again)).rejects.toEqual(refused('unauthenticated'));
    expect(existsSync(world.adminTokenFile)).toBe(false);
  });

  it('repeated by the admin after a crash before the token was removed answers the same user', async () => {
    await world.writeAdminToken();
    const repeat = { token: ADMIN_TOKEN, email: 'root@example.org', name: 'Root', password: PASSWORD };
    await expect(world.call(userRpc.signUp, anonymous, { ...repeat, password: 'another password' })).rejects.toEqual(
      refused('name_taken'),
    );
    expect(await world.call(userRpc.signUp, anonymous, repeat)).toMatchObject({ id: admin.userId, role: 'admin' });
    expect(existsSync(world.adminTokenFile)).toBe(false);
  });

  it('takes an invite once, and an address once whatever its case', async () => {
    const { token } = await world.call(userRpc.createInvite, admin, { role: 'user' });
    const wanted = { token, email: 'ADA@Example.ORG', name: 'Other', password: PASSWORD };
    await expect(world.call(userRpc.signUp, anonymous, wanted)).rejects.toEqual(refused('name_taken'));
    const made = await world.call(userRpc.signUp, anonymous, { ...wanted, email: 'carl@example.org' });
    expect(await world.call(userRpc.signUp, anonymous, { ...wanted, email: 'Carl@example.org' })).toEqual(made);
    await expect(world.call(userRpc.signUp, anonymous, { ...wanted, email: 'dora@example.org' })).rejects.toEqual(
      refused('unauthenticated'),
    );
  });

  it('gives one account when the same sign-up arrives many times at once', async () => {
    const { token } = await world.call(userRpc.createInvite, admin, {});
    const wanted = { token, email: 'twin@example.org', name: 'Twin', password: PASSWORD };
    const answers = await Promise.all(Array.from({ length: 5 }, () => world.call(userRpc.signUp, anonymous, wanted)));
    expect(new Set(answers.map((answer) => answer.id)).size).toBe(1);
  });

  it('refuses made-up tokens, and bodies that do not fit', async () => {
    const body = { email: 'eve@example.org', name: 'Eve', password: PASSWORD };
    for (const token of ['', 'x', `bai_${'a'.repeat(26)}_${'b'.repeat(43)}`]) {
      await expect(world.call(userRpc.signUp, anonymous, { ...body, token })).rejects.toEqual(
        refused('unauthenticated'),
      );
    }
    await expect(world.call(userRpc.signUp, anonymous, { ...body, token: 'x', password: 'short' })).rejects.toEqual(
      refused('invalid_input'),
    );
  });
});

describe('log-in', () => {
  it('answers a session for 30 days and the user with their own address', async () => {
    const answer = await world.call(userRpc.logIn, anonymous, { email: 'ADA@example.org', password: PASSWORD });
    expect(answer.user).toMatchObject({ id: ada.userId, email: 'ada@example.org', name: 'ada', disabled: false });
    expect((answer.expiresAt ?? 0) - Date.now()).toBeGreaterThan(29.9 * 86_400_000);
    expect(await world.authenticate(answer.token)).toMatchObject({ userId: ada.userId, kind: 'user' });
  });

  it('tells a wrong address from a wrong password to nobody', async () => {
    const refusalOf = (email: string, password: string) =>
      world.logIn(email, password).then(
        () => null,
        (error: unknown) => error as Error & { code: string },
      );
    const address = await refusalOf('nobody@example.org', PASSWORD);
    const password = await refusalOf('bob@example.org', 'wrong password');
    expect(address?.code).toBe('unauthenticated');
    expect([password?.code, password?.message]).toEqual([address?.code, address?.message]);
  });

  it('slows down guessing, for addresses that exist and for others', async () => {
    await world.person('slow@example.org');
    for (const email of ['slow@example.org', 'nobody-at-all@example.org']) {
      const guesses = await Promise.allSettled(Array.from({ length: 11 }, () => world.logIn(email, 'a guess')));
      const codes = guesses.map((guess) =>
        guess.status === 'rejected' ? (guess.reason as { code: string }).code : 'in',
      );
      expect(codes.filter((code) => code === 'unauthenticated')).toHaveLength(10);
      expect(codes.filter((code) => code === 'rate_limited')).toHaveLength(1);
    }
    const refusal = expect.objectContaining({ code: 'rate_limited', retryAfterMs: expect.any(Number) });
    await expect(world.logIn('slow@example.org', PASSWORD)).rejects.toEqual(refusal);
  });
});

describe('users', () => {
  it('see themselves; admins see all, page by page', async () => {
    expect(await world.call(userRpc.getUser, ada, { id: 'me' })).toMatchObject({
      id: ada.userId,
      email: 'ada@example.org',
    });
    await expect(world.call(userRpc.getUser, ada, { id: bob.userId })).rejects.toEqual(refused('not_found'));
    await expect(world.call(userRpc.getUser, ada, { id: 'bob@example.org' })).rejects.toEqual(refused('not_found'));
    expect(await world.call(userRpc.getUser, admin, { id: 'Bob@example.org' })).toMatchObject({ id: bob.userId });
    expect((await world.call(userRpc.listUsers, ada, {})).items.map((user) => user.id)).toEqual([ada.userId]);
    const first = await world.call(userRpc.listUsers, admin, { limit: 2, sort: 'createdAt' });
    expect(first.items.map((user) => user.email)).toEqual(['Root@Example.org', 'ada@example.org']);
    const rest = await world.call(userRpc.listUsers, admin, {
      limit: 1,
      sort: 'createdAt',
      ...(first.nextCursor ? { cursor: first.nextCursor } : {}),
    });
    expect(rest.items.map((user) => user.id)).toEqual([bob.userId]);
  });

  it('are out at once when an admin disables them', async () => {
    const dan = await world.person('dan@example.org');
    const { token } = await world.logIn('dan@example.org');
    await expect(world.call(userRpc.disableUser, bob, { id: dan.userId })).rejects.toEqual(refused('not_found'));
    await expect(world.call(userRpc.disableUser, bob, { id: bob.userId })).rejects.toEqual(refused('forbidden'));
    const note = world.nextNote();
    await world.call(userRpc.disableUser, admin, { id: dan.userId });
    expect(await note).toEqual({ userId: dan.userId });
    await expect(world.authenticate(token)).rejects.toEqual(refused('unauthenticated'));
    await expect(world.logIn('dan@example.org')).rejects.toEqual(refused('unauthenticated'));
    await expect(world.call(userRpc.disableUser, admin, { id: admin.userId })).rejects.toEqual(refused('conflict'));
  });

  it('are not reached by callers who have not logged in', async () => {
    const calls = [
      world.call(userRpc.getUser, anonymous, { id: 'me' }),
      world.call(userRpc.listUsers, anonymous, {}),
      world.call(userRpc.createToken, anonymous, { label: 'x' }),
      world.call(userRpc.createGroup, anonymous, { name: 'x' }),
      world.call(userRpc.setSecret, anonymous, { name: 'X', value: 'x' }),
      world.call(userRpc.createInvite, anonymous, {}),
    ];
    for (const call of calls) await expect(call).rejects.toEqual(refused('unauthenticated'));
    await expect(world.call(userRpc.createInvite, ada, {})).rejects.toEqual(refused('forbidden'));
  });
});

describe('the log and the disk', () => {
  it('hold no address, name, password, token or secret in the clear', async () => {
    const { token } = await world.logIn('ada@example.org');
    await world.call(userRpc.setSecret, ada, { name: 'CLEAR', value: 'a-value-to-look-for' });
    const hidden = [
      'ada@example.org',
      'Root@Example.org',
      'root@example.org',
      PASSWORD,
      token.slice(31),
      'a-value-to-look-for',
      ADMIN_TOKEN,
    ];
    const seen = Buffer.concat(await filesUnder(world.logFolder, world.keysFolder, world.readFolder));
    expect(seen.includes(ada.userId)).toBe(true);
    expect(hidden.filter((text) => seen.includes(text))).toEqual([]);
  });

  it('forget a person whose key is destroyed', async () => {
    const eve = await world.person('eve@example.org');
    await rm(join(world.keysFolder, 'users', `${eve.userId}.key`));
    expect(await world.call(userRpc.getUser, admin, { id: eve.userId })).toMatchObject({
      email: `${eve.userId.slice(4)}@erased.invalid`,
      name: `erased user ${eve.userId.slice(4, 10)}`,
    });
  });

  it('give everything back after a restart without the read models', async () => {
    const { token } = await world.logIn('ada@example.org');
    const { token: api, id } = await world.call(userRpc.createToken, ada, { label: 'dead' });
    await world.call(userRpc.revokeToken, ada, { id });
    const { id: group } = await world.call(userRpc.createGroup, ada, { name: 'lasting' });
    await world.call(userRpc.setSecret, ada, { name: 'LASTING', value: 'kept' });
    const before = await world.call(userRpc.getUser, ada, { id: 'me' });
    await world.stopService();
    await expect(world.authenticate(token)).rejects.toEqual(refused('unavailable'));
    await world.forgetReadModels();
    await world.startService();
    expect(await world.authenticate(token)).toMatchObject({
      userId: ada.userId,
      groups: expect.arrayContaining([group]),
    });
    await expect(world.authenticate(api)).rejects.toEqual(refused('unauthenticated'));
    expect(await world.call(userRpc.getUser, ada, { id: 'me' })).toEqual(before);
    expect((await world.call(userRpc.listTokens, ada, {})).items).toContainEqual(
      expect.objectContaining({ id, revoked: true }),
    );
    expect((await world.call(userRpc.listSecrets, ada, {})).items.map((secret) => secret.name)).toContain('LASTING');
    const resolved = await world.call(userRpc.resolveSecrets, scheduler, { ownerId: ada.userId, names: ['LASTING'] });
    expect(resolved.values).toEqual({ LASTING: 'kept' });
    expect((await world.logIn('root@example.org')).principal).toMatchObject({ role: 'admin' });
  });
});

async function filesUnder(...folders: string[]): Promise<Buffer[]> {
  const lists = await Promise.all(folders.map((folder) => readdir(folder, { recursive: true, withFileTypes: true })));
  return Promise.all(
    lists
      .flat()
      .filter((entry) => entry.isFile())
      .map((entry) => readFile(join(entry.parentPath, entry.name))),
  );
}
