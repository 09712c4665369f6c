// A server that is cut off: a job that asks for it is started elsewhere, and never runs twice at once; another waits.
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobView } from '@baton/contracts';
import type { BatonClient } from '@baton/sdk';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { ended, run, shell, untilState } from './jobs.ts';
import { NodeKey } from './node-key.ts';
import { startedPlatform, type TestPlatform } from './platform.ts';
import { sender } from './rest.ts';
import { SecondNode } from './second-node.ts';

const PATIENCE = { timeout: 60_000, interval: 100 };

let platform: TestPlatform;
let admin: BatonClient;
let second: SecondNode;
let shared: string;

beforeAll(async () => {
  ({ platform, admin } = await startedPlatform({ BATON_NODE_NAME: 'first', BATON_NODE_LEASE_SECONDS: '4' }));
  second = await SecondNode.join(admin, platform.url, { BATON_CHECKPOINT_EVERY_MS: '100' });
  shared = join(platform.files, 'shared');
  mkdirSync(shared);
  // Jobs may run as another user.
  chmodSync(shared, 0o777);
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

/** Begins with the checkpoint of the attempt before it; the first one writes until it is ended. */
const LEAVES = `
echo $$ >> "$PIDS"
echo "attempt $BATON_ATTEMPT begins with $(cat "$BATON_CHECKPOINT_DIR/by" 2>/dev/null)"
echo "$BATON_ATTEMPT" > "$BATON_CHECKPOINT_DIR/by.new" && mv "$BATON_CHECKPOINT_DIR/by.new" "$BATON_CHECKPOINT_DIR/by"
echo "by $BATON_ATTEMPT" > "$BATON_OUTPUT_DIR/left.txt"
step=0
while [ "$BATON_ATTEMPT" = 1 ]; do step=$((step + 1)); echo "step=$step loss=$step"; sleep 0.05; done
echo "step=1 loss=0.5"`;

/** All that REST tells of a job and of what it left, byte for byte. */
async function told(id: string): Promise<Record<string, string>> {
  const ask = sender(admin);
  const ofEach = ['logs', 'logs/raw', 'artifacts', 'artifacts/files/left.txt', 'checkpoints', 'checkpoints/files/by'];
  const paths = ['', '/events', '/logs', '/logs/stream', '/metrics', '/metrics?system=true', '/metrics/stream'];
  const all = [...paths, ...[1, 2].flatMap((attempt) => ofEach.map((path) => `/${path}?attempt=${attempt}`))];
  const answers = all.map(async (path) => {
    const { status, text } = await ask(`/api/v1/jobs/${id}${path}`);
    return [path, status === 200 ? text : String(status)] as const;
  });
  return Object.fromEntries(await Promise.all(answers));
}

it('has changed nothing when it wakes and the job is over elsewhere, whatever comes from it and in whichever attempt', async () => {
  const pids = join(shared, 'pids');
  await admin.nodes.cordon('first', 'so that it starts on the other one');
  const { id } = await admin.jobs.submit(shell(LEAVES, { onNodeLoss: 'requeue', env: { PIDS: pids } }));
  await vi.waitFor(async () => {
    expect(await admin.jobs.get(id)).toMatchObject({ state: 'running', attempts: [{ checkpoints: { fileCount: 1 } }] });
    expect(await admin.jobs.logs(id)).toContain('step=2 loss=2');
  }, PATIENCE);
  await admin.nodes.uncordon('first');
  second.signal('SIGSTOP');
  const over = await ended(admin, id);
  expect(over).toMatchObject({ state: 'succeeded', attempts: [{ result: { reason: 'lost' } }, { nodeName: 'first' }] });
  const before = await told(id);
  expect(before).toMatchObject({
    '/logs': 'attempt 2 begins with 1\nstep=1 loss=0.5\n',
    '/artifacts/files/left.txt?attempt=2': 'by 2\n',
    '/checkpoints/files/by?attempt=1': '1\n',
  });
  const [first = ''] = readFileSync(pids, 'utf8').split('\n');
  expect(existsSync(`/proc/${first}`)).toBe(false);

  const key = await NodeKey.of(second.folder);
  onTestFinished(() => key.close());
  const had = await Promise.all((['LOGS', 'METRICS'] as const).map((stream) => key.stored(stream, id, 1)));
  second.signal('SIGCONT');
  await second.heard(Date.now());
  // What it had not sent yet arrives, and its facts; what is told afterwards comes behind them.
  await vi.waitFor(async () => {
    expect(await key.stored('LOGS', id, 1)).toBeGreaterThan(had[0] ?? 0);
    expect(await key.stored('METRICS', id, 1)).toBeGreaterThan(had[1] ?? 0);
  }, PATIENCE);
  expect(await run(admin, shell('true', { node: 'second' }))).toMatchObject({ state: 'succeeded' });
  expect(await told(id)).toEqual(before);

  await forge(key, over);
  expect(await told(id)).toEqual(before);
  expect(existsSync(`/proc/${first}`)).toBe(false);
  expect(readFileSync(pids, 'utf8').trim().split('\n')).toHaveLength(2);
});

/** All that the node could say of the job, were it not its own agent that speaks. */
async function forge(key: NodeKey, { id: jobId, attempts }: JobView): Promise<void> {
  const manifest = attempts[0]?.checkpoints;
  const result = attempts[1]?.result;
  if (!manifest || !result) throw new Error('The job has left no checkpoint, or has not ended.');
  const { at, ...checkpoints } = manifest;
  for (const attempt of [1, 2, 3]) {
    for (const offset of [0, 24, 1_000]) await key.chunk(jobId, attempt, { text: 'forged\n', offset });
    await key.points(jobId, attempt, [{ seq: 100_000, at, step: 9, values: { loss: -1 } }]);
    const fact = { jobId, attempt, at, seq: 100_000 };
    const end = { ...result, artifacts: checkpoints, message: 'forged' };
    await key.tell([
      { type: 'started', ...fact },
      { type: 'checkpointed', ...fact, checkpoints },
      { type: 'ended', ...fact, result: end },
    ]);
  }
  const node = attempts[1]?.nodeId ?? '';
  await expect(key.chunk(jobId, 2, { text: 'forged\n', offset: 1_000, node })).rejects.toThrow(/[Pp]ermissions/);
}

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
