// A server that is cut off: a job that asks for it is started elsewhere, and never runs twice at once; another waits.
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BatonClient } from '@baton/sdk';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ended, shell, untilState } from './jobs.ts';
import { startedPlatform, type TestPlatform } from './platform.ts';
import { SecondNode } from './second-node.ts';

const PATIENCE = { timeout: 60_000, interval: 100 };

let platform: TestPlatform;
let admin: BatonClient;
let second: SecondNode;

beforeAll(async () => {
  ({ platform, admin } = await startedPlatform({ BATON_NODE_NAME: 'first', BATON_NODE_LEASE_SECONDS: '4' }));
  second = await SecondNode.join(admin, platform.url);
});
afterAll(async () => {
  await second.end();
  await platform.cleanUp();
});

interface Sign {
  readonly attempt: number;
  readonly at: bigint;
}

function signsIn(file: string): Sign[] {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  return lines.map((line) => ({ attempt: Number(line.split(' ')[0]), at: BigInt(line.split(' ')[1] ?? 0) }));
}

it('is started elsewhere when its lease is over, after the last sign of life of its first copy, which never comes back', async () => {
  const shared = join(platform.files, 'shared');
  mkdirSync(shared);
  // Jobs may run as another user.
  chmodSync(shared, 0o777);
  const file = join(shared, 'signs');
  const done = join(shared, 'done');
  const line = `while [ ! -e ${done} ]; do echo "$BATON_ATTEMPT $(date +%s%N)" >> ${file}; sleep 0.05; done`;
  await admin.nodes.cordon('first', 'so that it starts on the other one');
  const { id } = await admin.jobs.submit(shell(line, { name: 'moves', onNodeLoss: 'requeue' }));
  await untilState(admin, id, 'running');
  await admin.nodes.uncordon('first');
  second.signal('SIGSTOP');
  const moved = await vi.waitFor(async () => {
    const job = await admin.jobs.get(id);
    expect(job).toMatchObject({ state: 'running', attempts: [{ nodeName: 'second' }, { nodeName: 'first' }] });
    return job;
  }, PATIENCE);
  expect(moved).toMatchObject({ counters: { infrastructureLosses: 1, userFailures: 0 } });
  expect(moved.attempts[0]?.result).toMatchObject({
    reason: 'lost',
    message: expect.stringContaining('lease') as unknown,
  });

  second.signal('SIGCONT');
  await second.heard(Date.now());
  writeFileSync(done, '');
  expect(await ended(admin, id)).toMatchObject({ state: 'succeeded', attempts: [{ attempt: 1 }, { attempt: 2 }] });
  const signs = signsIn(file);
  const attempts = signs.map(({ attempt }) => attempt);
  expect(attempts.lastIndexOf(1)).toBeLessThan(attempts.indexOf(2));
  expect(new Set(attempts)).toEqual(new Set([1, 2]));
});

it('waits on a silent server where it does not ask for more, and ends there', async () => {
  const release = join(platform.files, 'release');
  const line = `while [ ! -e ${release} ]; do sleep 0.05; done`;
  const { id } = await admin.jobs.submit(shell(line, { name: 'stays', node: 'second' }));
  await untilState(admin, id, 'running');
  second.signal('SIGSTOP');
  await vi.waitFor(
    async () => expect(await admin.jobs.get(id)).toMatchObject({ flags: { unreachable: true } }),
    PATIENCE,
  );
  second.signal('SIGCONT');
  await second.heard(Date.now());
  writeFileSync(release, '');
  expect(await ended(admin, id)).toMatchObject({ state: 'succeeded', attempts: [{ attempt: 1 }] });
});

it('is refused for a container, which nothing stands beside', async () => {
  const spec = shell('true', { onNodeLoss: 'requeue', environment: { image: 'debian:12' } });
  await expect(admin.jobs.submit(spec)).rejects.toThrow(/\/onNodeLoss/);
});
