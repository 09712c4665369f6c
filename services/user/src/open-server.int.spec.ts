// The user service on a nats-server without users and permissions, as somebody may run one alone.
import { userRpc } from '@baton/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { anonymous, startWorld, type World } from './testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ authorization: false });
});
afterAll(() => world?.close());

it('signs up, logs in and authenticates', async () => {
  const admin = await world.admin();
  const { token } = await world.call(userRpc.createToken, admin, { label: 'laptop', expiresInDays: 1 });
  expect(await world.call(userRpc.authenticate, anonymous, { token })).toMatchObject({
    userId: admin.userId,
    role: 'admin',
  });
});
