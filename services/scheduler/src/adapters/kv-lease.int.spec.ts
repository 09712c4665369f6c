// The leader's lease in a real nats-server's bucket, with two schedulers that were given one name.
import { setTimeout as sleep } from 'node:timers/promises';
import { type NatsServer, startNatsServer } from '@baton/testkit';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openKvLease } from './kv-lease.ts';

let server: NatsServer;
let connection: NatsConnection;
const ended = new AbortController();

beforeEach(async () => {
  server = await startNatsServer();
  connection = await connect({ servers: server.url });
});
afterEach(async () => {
  ended.abort();
  await connection.close();
  await server.stop();
});

it('goes to the one that was started last, and the other waits for it from then on', async () => {
  const [first, second] = await Promise.all([lease(), lease()]);
  const term = await first.acquire(ended.signal);
  expect(first.overlapMs()).toBe(0);
  expect(await second.acquire(ended.signal)).toBe(term + 1);
  expect(second.overlapMs()).toBeGreaterThan(0);
  await first.lost();
  expect(first.isHeld()).toBe(false);
  const again = first.acquire(ended.signal);
  // Some renewals of the second.
  const stillWaits = await Promise.race([again.then(() => false), sleep(4_000, true)]);
  expect([stillWaits, second.isHeld()]).toEqual([true, true]);
  await second.release();
  await again;
  expect(first.overlapMs()).toBe(0);
  await first.release();
});

function lease() {
  return openKvLease({ connection, holder: 'one name' });
}
