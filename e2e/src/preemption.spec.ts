// Preemption by order, from end to end: a long job gives its slot to a short one, and goes on where it was.
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
