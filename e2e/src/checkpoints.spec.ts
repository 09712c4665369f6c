// A job that fails on its way goes on from its checkpoint; what a failed attempt has left can be had in every form.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BatonClient } from '@baton/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ended, shell, untilState } from './jobs.ts';
import { startedPlatform, type TestPlatform } from './platform.ts';

let platform: TestPlatform;
let admin: BatonClient;
let job: string;

beforeAll(async () => {
  ({ platform, admin } = await startedPlatform({ BATON_CHECKPOINT_EVERY_MS: '100' }));
});
afterAll(() => platform.cleanUp());

/** Six epochs, each saved by renaming; the first attempt fails after the third. */
const TRAIN = `
epoch=$(cat "$BATON_CHECKPOINT_DIR/latest" 2>/dev/null || echo 0)
echo "begun at $epoch"
while [ "$epoch" -lt 6 ]; do
  epoch=$((epoch + 1))
  echo "epoch=$epoch loss=0.$((9 - epoch))"
  echo "$epoch" > "$BATON_CHECKPOINT_DIR/latest.tmp" && mv "$BATON_CHECKPOINT_DIR/latest.tmp" "$BATON_CHECKPOINT_DIR/latest"
  echo "weights $epoch" > "$BATON_OUTPUT_DIR/epoch-$epoch.txt"
  [ "$BATON_ATTEMPT" = 1 ] && [ "$epoch" = 3 ] && { echo torn > "$BATON_CHECKPOINT_DIR/half.tmp"; exit 7; }
done
exit 0`;

it('a job that fails after epoch 3 goes on with epoch 4', async () => {
  const { id } = await admin.jobs.submit(shell(TRAIN, { name: 'train', retries: 1 }));
  job = id;
  const over = await ended(admin, id);
  expect(over).toMatchObject({ state: 'succeeded', counters: { userFailures: 1 } });
  expect(over.attempts).toMatchObject([
    { result: { exitCode: 7, checkpoints: { fileCount: 1, sizeBytes: 2 }, artifacts: { fileCount: 3 } } },
    { result: { exitCode: 0, artifacts: { fileCount: 3 } } },
  ]);
  const logs = await Promise.all([1, 2].map((attempt) => admin.jobs.logs(id, { attempt })));
  const epochs = logs.map((log) => [...log.matchAll(/^epoch=(\d)/gm)].map((match) => Number(match[1])));
  expect(epochs).toEqual([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expect(logs[1]).toContain('begun at 3\n');
});

it('what was stored of its checkpoints can be listed and fetched', async () => {
  const first = await admin.jobs.checkpoints(job, { attempt: 1 });
  expect(first.files).toMatchObject([{ path: 'latest', sizeBytes: 2 }]);
  expect(await (await admin.jobs.checkpoint(job, 'latest', { query: { attempt: 1 } })).text()).toBe('3\n');
});

it.each(['tar', 'tar.gz', 'zip'] as const)("the failed attempt's artifacts come as a %s", async (format) => {
  const response = await admin.jobs.artifactArchive(job, { attempt: 1, format });
  const folder = join(platform.files, format);
  mkdirSync(folder);
  const file = join(platform.files, `artifacts.${format}`);
  writeFileSync(file, Buffer.from(await response.arrayBuffer()));
  const [command, ...options] = UNPACK[format];
  execFileSync(command, [...options, file, ...(format === 'zip' ? ['.'] : [])], { cwd: folder });
  expect(readdirSync(folder).toSorted()).toEqual(['epoch-1.txt', 'epoch-2.txt', 'epoch-3.txt']);
  expect(readFileSync(join(folder, 'epoch-3.txt'), 'utf8')).toBe('weights 3\n');
});
const UNPACK = {
  tar: ['tar', '-xf'],
  'tar.gz': ['tar', '-xzf'],
  zip: ['python3', '-m', 'zipfile', '-e'],
} as const;

it('one of its files comes in ranges', async () => {
  const range = (value: string) =>
    admin.jobs.artifact(job, 'epoch-2.txt', { query: { attempt: 1 }, headers: { range: value } });
  const part = await range('bytes=8-8');
  expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, 'bytes 8-8/10', '2']);
  await expect(range('bytes=10-')).rejects.toMatchObject({ status: 416 });
});

it('is stored while it runs, so that a node that dies takes nothing with it; and says who cancelled it', async () => {
  const script = 'echo 1 > "$BATON_CHECKPOINT_DIR/step"; echo kept > "$BATON_OUTPUT_DIR/log.txt"; sleep 300';
  const { id } = await admin.jobs.submit(shell(script));
  await untilState(admin, id, 'running');
  await expect
    .poll(async () => (await admin.jobs.get(id)).attempts[0]?.checkpoints)
    .toMatchObject({ fileCount: 1, sizeBytes: 2 });
  expect(await (await admin.jobs.checkpoint(id, 'step')).text()).toBe('1\n');
  await admin.jobs.cancel(id, 'seen enough');
  const over = await ended(admin, id);
  const { name } = await admin.users.me();
  expect(over.cancellation).toMatchObject({ byName: name, reason: 'seen enough' });
  expect(over.attempts[0]?.result).toMatchObject({ reason: 'cancelled', signal: 'SIGTERM' });
  expect((await admin.jobs.artifacts(id)).files).toMatchObject([{ path: 'log.txt', mediaType: 'text/plain' }]);
});
