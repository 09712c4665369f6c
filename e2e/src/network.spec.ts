// A server that the network cuts off from the platform, both ways or one: what runs there goes on, ends once, and loses nothing.
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BatonClient } from '@baton/sdk';
import { freePort, tcpProxy, type TcpProxy, type Way } from '@baton/testkit';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { counting, expectWhole } from './counting-jobs.ts';
import { ended, run, shell, untilState } from './jobs.ts';
import { startedPlatform, type TestPlatform } from './platform.ts';
import { SecondNode } from './second-node.ts';

const LEASE_SECONDS = 3;
const PATIENCE = { timeout: 60_000, interval: 50 };

let platform: TestPlatform;
let admin: BatonClient;
let second: SecondNode;
let wires: readonly TcpProxy[];
let shared: string;

beforeAll(async () => {
  const port = await freePort();
  const bus = await tcpProxy(port);
  ({ platform, admin } = await startedPlatform({
    BATON_NODE_NAME: 'first',
    BATON_NODE_LEASE_SECONDS: String(LEASE_SECONDS),
    BATON_NATS_PORT: String(port),
    BATON_NATS_PUBLIC_URL: `nats://127.0.0.1:${bus.port}`,
  }));
  const rest = await tcpProxy(Number(new URL(platform.url).port));
  wires = [bus, rest];
  second = await SecondNode.join(admin, `http://127.0.0.1:${rest.port}`, { BATON_CPU_SLOTS: '2' });
  await vi.waitFor(() => admin.nodes.get('first'), PATIENCE);
  shared = join(platform.files, 'shared');
  mkdirSync(shared);
  // Jobs may run as another user.
  chmodSync(shared, 0o777);
});
afterAll(async () => {
  await second.end();
  await platform.cleanUp();
  await Promise.all(wires.map((wire) => wire.close()));
});

const file = (name: string): string => join(shared, name);

/** Everything between the two servers. */
function cut(...ways: Way[]): void {
  for (const wire of wires) wire.cut(...ways);
}

/** A word of before the cut does not count. */
async function heal(): Promise<void> {
  const since = Date.now();
  for (const wire of wires) wire.heal();
  await second.heard(since);
}

async function flagged(id: string): Promise<void> {
  await vi.waitFor(
    async () => expect(await admin.jobs.get(id)).toMatchObject({ flags: { unreachable: true } }),
    PATIENCE,
  );
  expect(await admin.nodes.get('second')).toMatchObject({ reachable: false });
}

async function linesOf(path: string, atLeast: number): Promise<number> {
  const lines = () => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0);
  await vi.waitFor(() => expect(lines()).toBeGreaterThanOrEqual(atLeast), PATIENCE);
  return lines();
}

it('that is cut off for longer than its lease is unreachable after 5 s; a job that waits goes on and ends once, one by lease moves', async () => {
  const waits = await admin.jobs.submit(counting(file('cut'), { node: 'second' }));
  await admin.nodes.cordon('first', 'so that it starts on the other one');
  const moves = await admin.jobs.submit(counting(file('cut'), { onNodeLoss: 'requeue' }, file('signs')));
  for (const { id } of [waits, moves]) await untilState(admin, id, 'running');
  await admin.nodes.uncordon('first');
  await linesOf(file('signs'), 3);

  cut('up', 'down');
  await flagged(waits.id);
  const moved = await vi.waitFor(async () => {
    const job = await admin.jobs.get(moves.id);
    expect(job).toMatchObject({ state: 'running', attempts: [{ nodeName: 'second' }, { nodeName: 'first' }] });
    return job;
  }, PATIENCE);
  expect(moved.attempts[0]?.result).toMatchObject({ reason: 'lost' });
  expect(await admin.jobs.get(waits.id)).toMatchObject({ state: 'running', attempts: [{ attempt: 1, result: null }] });
  // Over while nobody can be told.
  writeFileSync(file('cut'), '');
  expect(await ended(admin, moves.id)).toMatchObject({ state: 'succeeded', counters: { infrastructureLosses: 1 } });
  await heal();
  await expectWhole(admin, await ended(admin, waits.id));
  // The first copy was gone before the second began.
  const attempts = readFileSync(file('signs'), 'utf8').trim().split('\n');
  expect(attempts).toEqual(attempts.toSorted((a, b) => Number(a.split(' ')[1]) - Number(b.split(' ')[1])));
  const numbers = attempts.map((line) => line.split(' ')[0]);
  expect(numbers).toEqual(numbers.toSorted((a, b) => Number(a) - Number(b)));
  expect(new Set(numbers)).toEqual(new Set(['1', '2']));
});

it.each(['up', 'down'] as const)('that is cut one way, %s, loses nothing and runs nothing twice', async (way) => {
  const { id } = await admin.jobs.submit(counting(file(way), { node: 'second' }, file(`${way}-signs`)));
  await untilState(admin, id, 'running');
  cut(way);
  // Who hears its words knows that it lives; who does not flags it.
  if (way === 'up') await flagged(id);
  const lines = await linesOf(file(`${way}-signs`), 1);
  await linesOf(file(`${way}-signs`), lines + 5 * (LEASE_SECONDS + 2));
  writeFileSync(file(way), '');
  const late = await admin.jobs.submit(shell('echo late', { node: 'second' }));
  await heal();
  await expectWhole(admin, await ended(admin, id));
  const over = await ended(admin, late.id);
  expect(over).toMatchObject({ state: 'succeeded', attempts: [{ attempt: 1 }] });
  expect(await admin.jobs.logs(late.id)).toBe('late\n');
});

it('over a slow line takes longer, and is whole', async () => {
  for (const wire of wires) wire.delay(250);
  const job = await run(admin, shell('for i in 1 2 3; do echo $i; done', { node: 'second' }));
  expect(job).toMatchObject({ state: 'succeeded', attempts: [{ attempt: 1 }] });
  expect(await admin.jobs.logs(job.id)).toBe('1\n2\n3\n');
  for (const wire of wires) wire.delay(0);
});
