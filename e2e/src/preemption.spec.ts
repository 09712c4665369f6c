// Who goes before whom, from end to end: a job of a higher class before one that is staged, and in the place of one that runs; by order, a
// short one in the place of a long one, which goes on where it was.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BatonClient } from '@baton/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ended, positionOf, shell, untilState } from './jobs.ts';
import { startedPlatform, type TestPlatform } from './platform.ts';

let platform: TestPlatform;
let admin: BatonClient;
beforeAll(async () => {
  ({ platform, admin } = await startedPlatform());
});
afterAll(() => platform.cleanUp());

/** Saves where it is when it is asked to stop, as a training script does. */
const COUNT = `
count=$(cat "$BATON_CHECKPOINT_DIR/count" 2>/dev/null || echo 0)
echo "from $count"
trap 'echo $count > "$BATON_CHECKPOINT_DIR/count"; echo "saved $count"; exit 0' TERM
while [ ! -e "$RELEASE_FILE" ]; do count=$((count + 1)); sleep 0.01; done
echo "counted $count"`;

/** Runs until it is told, and behind it one that is staged. */
async function busyWith(name: string, script: string) {
  const release = join(platform.files, name);
  const spec = shell(script, { name, env: { RELEASE_FILE: release }, keepsCheckpoints: true });
  const { id: running } = await admin.jobs.submit(spec);
  await untilState(admin, running, 'running');
  const { id: staged } = await admin.jobs.submit(shell('echo staged', { name: 'staged' }));
  await happened(staged, 'AttemptStaged');
  return { running, staged, release: () => writeFileSync(release, '') };
}

const happened = (id: string, type: string) =>
  expect.poll(() => positionOf(admin, id, type), { timeout: 30_000 }).toBeGreaterThan(0);

it('a job of a higher class starts before one that is staged already', async () => {
  const { running, staged, release } = await busyWith('free', 'while [ ! -e "$RELEASE_FILE" ]; do sleep 0.01; done');
  const { id: exam } = await admin.jobs.submit(shell('echo exam', { name: 'exam', class: 'urgent' }));
  await happened(exam, 'AttemptStaged');
  release();
  for (const id of [running, staged, exam]) expect((await ended(admin, id)).state).toBe('succeeded');
  expect(await positionOf(admin, exam, 'AttemptStarted')).toBeLessThan(
    await positionOf(admin, staged, 'AttemptStarted'),
  );
}, 180_000);

it('a job of a higher class has one stopped that others are staged behind', async () => {
  await admin.policy.apply({ preemption: { by: 'class', minRun: '1s' } });
  const { running, staged, release } = await busyWith('stopped', COUNT);
  const { id: exam } = await admin.jobs.submit(shell('echo exam', { name: 'exam', class: 'urgent' }));
  expect((await ended(admin, exam)).state).toBe('succeeded');
  release();
  for (const id of [running, staged]) expect((await ended(admin, id)).state).toBe('succeeded');
  const [examAt, stagedAt] = [
    await positionOf(admin, exam, 'AttemptStarted'),
    await positionOf(admin, staged, 'AttemptStarted'),
  ];
  expect(await positionOf(admin, running, 'PreemptionRequested')).toBeLessThan(examAt);
  expect(examAt).toBeLessThan(stagedAt);
}, 180_000);

it('stops a job that keeps checkpoints for one that has less left, and goes on from its checkpoint afterwards', async () => {
  await admin.policy.apply({ order: 'shortest', preemption: { by: 'order', minRun: '2s' } });
  const release = join(platform.files, 'release');
  const spec = shell(COUNT, { name: 'long', env: { RELEASE_FILE: release }, keepsCheckpoints: true });
  const { id: long } = await admin.jobs.submit({ ...spec, timeLimit: '2h' });
  await untilState(admin, long, 'running');
  // It comes before the long one has run for the minimum, and may stand in line until then.
  const { id: short } = await admin.jobs.submit(shell('echo done', { name: 'short', timeLimit: '1m' }));
  expect(await ended(admin, short)).toMatchObject({ state: 'succeeded' });
  writeFileSync(release, '');
  const over = await ended(admin, long);
  const [first, last] = [over.attempts[0], over.attempts.at(-1)];
  expect([over.state, first?.result, last?.result]).toMatchObject([
    'succeeded',
    { reason: 'preempted', checkpoints: { fileCount: 1 } },
    { reason: 'exited', exitCode: 0 },
  ]);
  const saved = Number(/saved (\d+)/.exec(await admin.jobs.logs(long, { attempt: 1 }))?.[1]);
  expect(saved).toBeGreaterThan(0);
  expect(await admin.jobs.logs(long)).toMatch(new RegExp(String.raw`^from ${saved}\ncounted \d+\n$`));
  expect(await positionOf(admin, long, 'PreemptionRequested')).toBeLessThan(
    await positionOf(admin, short, 'AttemptStarted'),
  );
}, 180_000);
