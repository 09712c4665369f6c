// Output and metrics of jobs that are over go by the policy: said first, told to readers, and nothing that is named elsewhere goes along.
import { existsSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import type { BatonClient } from '@baton/sdk';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { baton } from './command-line.ts';
import { run, shell, untilReleased, untilState } from './jobs.ts';
import { startedPlatform, type TestPlatform } from './platform.ts';

const DAY_MS = 86_400_000;

let platform: TestPlatform;
let admin: BatonClient;

beforeAll(async () => {
  ({ platform, admin } = await startedPlatform({ BATON_CPU_SLOTS: '2' }));
});
afterAll(() => platform.cleanUp());

const blobPath = (digest: string) => join(platform.home, 'blobs', digest.slice(0, 2), digest.slice(2, 4), digest);

/** As if everything had been stored long ago: what was stored lately is left alone. */
function ageBlobs(): void {
  const then = new Date(Date.now() - 30 * DAY_MS);
  for (const entry of readdirSync(join(platform.home, 'blobs'), { recursive: true, withFileTypes: true }))
    if (/^[0-9a-f]{64}$/.test(entry.name)) utimesSync(join(entry.parentPath, entry.name), then, then);
}

it('are removed by the policy, oldest first and for good, also when every process is killed on the way', async () => {
  const line = 'echo "loss=0.5"; echo "loss=0.25"; echo $BATON_JOB_ID';
  const alone = await run(admin, shell(line, { name: 'alone' }));
  const copied = await run(admin, shell('echo shared | tee $BATON_OUTPUT_DIR/copy.txt', { name: 'copied' }));
  const running = await admin.jobs.submit({ name: 'running', ...untilReleased(['echo', 'hello'], '/never') });
  await untilState(admin, running.id, 'running');
  const digestOf = ({ attempts }: typeof alone) => attempts[0]?.result?.output?.stdout?.digest ?? '';
  expect(existsSync(blobPath(digestOf(alone)))).toBe(true);
  ageBlobs();

  const before = await admin.retention.sweep({ dryRun: true });
  expect(before).toMatchObject({ count: 0, pending: 0 });
  await expect(
    admin.policy.apply({
      retention: { output: { keepFor: 'soon' }, groups: { nobody: { output: { keepBytes: 'x' } } } },
    }),
  ).rejects.toMatchObject({ code: 'invalid_input' });
  await admin.policy.apply({ retention: { output: { keepFor: '1s' }, metrics: { keepFor: '1s' } } });
  expect((await admin.policy.get()).policy.retention).toEqual({
    output: { keepFor: '1s' },
    metrics: { keepFor: '1s' },
  });
  await vi.waitFor(async () => expect((await admin.retention.sweep({ dryRun: true })).count).toBe(4), {
    timeout: 60_000,
  });
  expect(await admin.jobs.logs(alone.id)).toContain('loss=0.25');

  const sweep = await admin.retention.sweep();
  expect(sweep.items.map(({ jobId }) => jobId)).toEqual([alone.id, alone.id, copied.id, copied.id]);
  await platform.killAll();
  await platform.start();
  await vi.waitFor(
    async () => {
      // What was left over is seen to by the next sweep.
      const { count, pending } = await admin.retention.sweep();
      expect([count, pending]).toEqual([0, 0]);
    },
    { timeout: 60_000, interval: 500 },
  );

  const today = new Date().toISOString().slice(0, 8);
  for (const read of [
    admin.jobs.logs(alone.id),
    admin.jobs.rawLog(alone.id),
    admin.jobs.searchLogs(alone.id, { q: 'x' }),
  ])
    await expect(read).rejects.toMatchObject({ code: 'removed', status: 410 });
  const shown = await baton(['job', 'logs', alone.id], admin);
  expect(shown.code).toBe(4);
  expect(shown.stderr).toContain(`The output of alone was removed by retention on ${today}`);
  const metrics = await admin.jobs.metrics(alone.id);
  expect(metrics.items).toMatchObject([{ attempt: 1, values: { loss: 0.25 } }]);
  expect(metrics.removedAt).toBeGreaterThan(Date.now() - DAY_MS);
  expect((await admin.jobs.get(alone.id)).attempts[0]?.result?.lastLines).toContain('loss=0.25');

  expect(existsSync(blobPath(digestOf(alone)))).toBe(false);
  // The same bytes are an artifact: those stay.
  expect(existsSync(blobPath(digestOf(copied)))).toBe(true);
  expect(await (await admin.jobs.artifact(copied.id, 'copy.txt')).text()).toBe('shared\n');
  expect(await admin.jobs.logs(running.id)).toContain('hello');
  expect((await baton(['log', 'verify', '--home', platform.home], admin)).code).toBe(0);
}, 150_000);

it('of metrics keeps the newest up to a size, each group by its own, never of a job that runs, and the last value for ever', async () => {
  await admin.groups.create('vision');
  const line = (loss: number) => `for i in 1 2 3 4 5; do echo "step=$i loss=${loss}"; done`;
  const runs = (name: string, more: object = {}) => run(admin, shell(line(0.5), { name, ...more }));
  const [older, newer, otherGroup] = [
    await runs('older', { group: 'vision' }),
    await runs('newer', { group: 'vision' }),
    await runs('other-group'),
  ];
  const running = await admin.jobs.submit({
    name: 'runs',
    group: 'vision',
    ...untilReleased(['/bin/sh', '-c', line(0.25)], '/never'),
  });
  await vi.waitFor(async () => expect((await admin.jobs.metrics(running.id)).items).toHaveLength(5), {
    timeout: 60_000,
  });
  const bytesOf = ({ attempts }: typeof older) => attempts[0]?.result?.metricsBytes ?? 0;
  const { items } = await admin.jobs.metrics(newer.id);
  expect(bytesOf(newer)).toBeGreaterThan(JSON.stringify(items[0]?.values).length * items.length);

  const keepBytes = bytesOf(older) + bytesOf(newer);
  const applied = (most: number) =>
    admin.policy.apply({ retention: { groups: { vision: { metrics: { keepBytes: most } } } } });
  await applied(keepBytes);
  expect((await admin.retention.sweep({ dryRun: true })).items).toEqual([]);
  await applied(keepBytes - 1);
  const dryRun = await baton(['retention', 'sweep', '--dry-run'], admin);
  expect(dryRun.stdout).toMatch(new RegExp(`older +metrics +size .* ${bytesOf(older)} B +${older.id}`));
  expect((await admin.jobs.metrics(older.id)).items).toHaveLength(5);
  const { items: going, sizeBytes } = await admin.retention.sweep();
  expect(going).toMatchObject([{ jobId: older.id, what: 'metrics', reason: 'size', sizeBytes: bytesOf(older) }]);
  expect(sizeBytes).toBe(bytesOf(older));
  await vi.waitFor(
    async () => expect(await admin.retention.sweep({ dryRun: true })).toMatchObject({ count: 0, pending: 0 }),
    { timeout: 60_000 },
  );

  const left = await admin.jobs.metrics(older.id);
  expect(left).toMatchObject({ items: [{ values: { loss: 0.5 } }], removedAt: expect.any(Number) as number });
  expect(left.items).toHaveLength(1);
  const told = await baton(['job', 'metrics', older.id], admin);
  expect(told.stderr).toContain('The points were removed by retention on ');
  expect(await admin.jobs.logs(older.id)).toContain('loss=0.5');
  for (const { id } of [newer, otherGroup, running]) {
    const kept = await admin.jobs.metrics(id);
    expect(kept.removedAt).toBeUndefined();
    expect(kept.items).toHaveLength(5);
  }

  // Nothing may be kept: what runs is let alone all the same.
  await applied(0);
  expect((await admin.retention.sweep()).items.map(({ jobId }) => jobId)).toEqual([newer.id]);
  await vi.waitFor(async () => expect((await admin.jobs.metrics(newer.id)).items).toHaveLength(1), { timeout: 60_000 });
  expect((await admin.jobs.metrics(running.id)).items).toHaveLength(5);
  await admin.jobs.cancel(running.id);
}, 150_000);
