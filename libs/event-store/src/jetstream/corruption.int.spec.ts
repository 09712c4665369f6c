// A changed byte in a block of nats-server's files: found and named, whatever the server makes of it.
import { type NatsServer, startNatsServer } from '@baton/testkit';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { all, appendMany, newRef, takeUntil } from '../testing/commits.ts';
import { openJetStreamEventStore } from './jetstream-event-store.ts';

const COMMITS = 20;
const DAMAGED = 11;
let server: NatsServer;
let connection: NatsConnection;

beforeEach(async () => {
  server = await startNatsServer();
  connection = await connect({ servers: server.url });
  const store = await open();
  for (let count = 0; count < COMMITS; count += 1) await appendMany(store, newRef(), 1);
});
afterEach(async () => {
  await connection.close();
  await server.stop();
});

const open = () => openJetStreamEventStore({ connection, stream: 'EVENTS', syncAlways: true });

/** Inside the commit at the position: they are all of one length. */
function damage(): void {
  const [block] = globSync(`${server.storeDir}/**/EVENTS/msgs/*.blk`);
  if (block === undefined) throw new Error('There is no block of EVENTS.');
  const bytes = readFileSync(block);
  const at = Math.floor((bytes.length / COMMITS) * (DAMAGED - 0.5));
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(block, bytes);
}

async function startAgain() {
  await server.restart();
  await connection.close();
  connection = await connect({ servers: server.url });
  return open();
}

async function endInOrder(): Promise<void> {
  const { pid } = server;
  process.kill(pid, 'SIGTERM');
  const isGone = () => {
    try {
      return !process.kill(pid, 0);
    } catch {
      return true;
    }
  };
  await expect.poll(isGone).toBe(true);
}

describe('a damaged byte', () => {
  it('found after an end in order is one missing commit, which is named; who wants to be told reads on behind it', async () => {
    await endInOrder();
    damage();
    const store = await startAgain();
    await expect(all(store.readAll(0))).rejects.toMatchObject({
      code: 'internal',
      detail: `missing: position ${DAMAGED}`,
    });
    const told: number[] = [];
    const read = await all(store.readAll(0, { onUnreadable: ({ position }) => told.push(position) }));
    expect(read).toHaveLength(COMMITS - 1);
    expect(told).toEqual([DAMAGED]);
  });

  it('found after a kill costs all that lay behind it, and who has read that refuses the log', async () => {
    await server.kill();
    damage();
    const store = await startAgain();
    const last = await store.lastPosition();
    expect(last).toBeLessThan(DAMAGED);
    await expect(takeUntil(store.subscribe(COMMITS), () => true)).rejects.toMatchObject({
      code: 'internal',
      detail: `EVENTS ends at ${last}, ${COMMITS} was read`,
    });
  });
});
