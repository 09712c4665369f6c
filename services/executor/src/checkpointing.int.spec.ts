// Checkpoints through a real agent: stored while a job runs and when it ends, and there again where it goes on.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DesiredAttempt, Manifest } from '@baton/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from './testing/eventually.ts';
import { shell, startWorld, type World } from './testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
  await world.startAgent({ BATON_CHECKPOINT_EVERY_MS: '200' });
});
afterAll(() => world.stop());

const SAVE =
  'save() { echo "$1" > "$BATON_CHECKPOINT_DIR/epoch.tmp"; mv "$BATON_CHECKPOINT_DIR/epoch.tmp" "$BATON_CHECKPOINT_DIR/epoch"; }';
const told = (spec: DesiredAttempt) =>
  world.scheduler.of(spec).flatMap((fact) => (fact.type === 'checkpointed' ? [fact.checkpoints] : []));
async function stored(summary: { digest: string } | null | undefined): Promise<Record<string, string>> {
  const { files } = JSON.parse((await world.blobs.read(summary?.digest ?? '')).toString()) as Manifest;
  const texts = files.map(async ({ path, digest }) => [path, (await world.blobs.read(digest)).toString()] as const);
  return Object.fromEntries(await Promise.all(texts));
}
/** As if the job came to another node. */
function forgetOnNode({ jobId }: DesiredAttempt): void {
  for (const folder of ['checkpoints', 'checkpoint-notes'])
    rmSync(join(world.folder, 'agent', folder, jobId), { recursive: true, force: true });
}

it('are told while it runs, once for each change, and go with the job to another node', async () => {
  const spec = shell(`${SAVE}; save 1; sleep 300`);
  world.scheduler.want(spec);
  await eventually(() => told(spec).length > 0, 'checkpoints are told');
  expect(await stored(told(spec)[0])).toEqual({ epoch: '1\n' });
  const syncs = world.scheduler.syncs;
  await eventually(() => world.scheduler.syncs > syncs + 3, 'some looks later');
  expect(told(spec)).toHaveLength(1);
  world.scheduler.want({ ...spec, want: 'stop' });
  const result = await world.scheduler.ended(spec);
  expect(result.checkpoints).toEqual(told(spec)[0]);
  forgetOnNode(spec);
  const next = shell('cat "$BATON_CHECKPOINT_DIR/epoch"', {
    jobId: spec.jobId,
    attempt: 2,
    checkpoints: result.checkpoints?.digest ?? null,
  });
  world.scheduler.want(next);
  expect(await world.scheduler.ended(next)).toMatchObject({ exitCode: 0, lastLines: ['1'], checkpoints: null });
  expect(told(next)).toEqual([]);
});

it('are stored at the end of an attempt that fails, or that saves when it is stopped and exits with 0', async () => {
  const failing = shell(`${SAVE}; save 3; exit 1`);
  world.scheduler.want(failing);
  expect(await stored((await world.scheduler.ended(failing)).checkpoints)).toEqual({ epoch: '3\n' });
  const polite = shell(`${SAVE}; trap "save 4; exit 0" TERM; echo ready; while :; do sleep 0.05; done`);
  world.scheduler.want(polite);
  await eventually(async () => (await world.log(polite, 'stdout')).includes('ready'), 'it is ready');
  world.scheduler.want({ ...polite, want: 'stop' });
  const result = await world.scheduler.ended(polite);
  expect(result).toMatchObject({ reason: 'cancelled', exitCode: 0 });
  expect(await stored(result.checkpoints)).toEqual({ epoch: '4\n' });
});

it('that the store has lost end the attempt as a loss of the platform, not as a failure of the job', async () => {
  const spec = shell('true', { checkpoints: '0'.repeat(64) });
  world.scheduler.want(spec);
  const result = await world.scheduler.ended(spec);
  expect(result).toMatchObject({ reason: 'start-failed', startedAt: null });
  expect(result.message).toContain('The checkpoints of the job could not be restored');
});

it('a folder that the job has replaced by a link does no harm, and is its own again the next time', async () => {
  const spec = shell('rm -rf "$BATON_CHECKPOINT_DIR"; ln -s /etc "$BATON_CHECKPOINT_DIR"; exit 1');
  world.scheduler.want(spec);
  expect(await world.scheduler.ended(spec)).toMatchObject({ exitCode: 1, checkpoints: null });
  const next = shell('ls -A "$BATON_CHECKPOINT_DIR" | wc -l', { jobId: spec.jobId, attempt: 2 });
  world.scheduler.want(next);
  expect((await world.scheduler.ended(next)).lastLines).toEqual(['0']);
});
