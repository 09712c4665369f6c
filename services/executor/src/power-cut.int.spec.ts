// The server's power is cut: what had come to its disk counts, and what had not is made again.
import { existsSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '@baton/blob-store';
import type { DesiredAttempt, Manifest } from '@baton/contracts';
import { powerCutDisk, type PowerCutDisk } from '@baton/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentProcess } from './testing/agent-process.ts';
import { eventually } from './testing/eventually.ts';
import { processesOf, shell, startWorld, type World } from './testing/world.ts';

const BOOT_MS = 240_000;
const FILES = 1_500;

let world: World;
let agent: AgentProcess;
let disk: PowerCutDisk;
beforeEach(async (context) => {
  world = await startWorld();
  const made = await powerCutDisk(join(world.folder, 'agent'), { names: 'posix' });
  if (made.disk === null) return context.skip(made.why);
  disk = made.disk;
  agent = await world.startAgent({}, disk.booted);
}, BOOT_MS);
afterEach(() => world.stop());

async function cutAndBoot(): Promise<void> {
  await disk.cut();
  agent = await world.startAgent({}, disk.booted);
}

const fileOf = (spec: DesiredAttempt, name: string) => join(world.attemptFolder(spec), name);
const isSettled = (spec: DesiredAttempt) => existsSync(fileOf(spec, 'settled'));

/** Ends when the test says so. */
const untilTold = (told: string, then: string) => shell(`while [ ! -e ${told} ]; do sleep 0.02; done; ${then}`);

describe('an attempt', () => {
  it('that has ended, with all that it left on the disk, has ended so, with every file', async () => {
    const script = `i=0; while [ $i -lt ${FILES} ]; do i=$((i+1)); echo $i >"$BATON_OUTPUT_DIR/$i"; done; exit 3`;
    const spec = shell(script);
    world.scheduler.want(spec);
    await eventually(() => isSettled(spec), 'what it left is on the disk', 30_000);
    // It shows a moment before it is on the disk itself.
    await syncFolder(world.attemptFolder(spec));
    await cutAndBoot();
    const result = await world.scheduler.ended(spec);
    expect(result).toMatchObject({ reason: 'exited', exitCode: 3, artifacts: { fileCount: FILES } });
    const { files } = JSON.parse(String(await world.blobs.read(result.artifacts?.digest ?? ''))) as Manifest;
    for (const { path, digest } of files.slice(0, 50)) expect(String(await world.blobs.read(digest))).toBe(`${path}\n`);
  });

  it('that has ended, and left something that may not have come to the disk, is lost', async () => {
    const told = join(world.folder, 'told');
    const spec = untilTold(told, 'echo whole >"$BATON_OUTPUT_DIR/model"');
    world.scheduler.want(spec);
    await world.scheduler.started(spec);
    await agent.kill();
    writeFileSync(told, '');
    await eventually(() => processesOf(spec).length === 0, 'it is over');
    expect(await readFile(fileOf(spec, 'run/exit'), 'utf8')).toContain('0 0 done');
    await cutAndBoot();
    expect(await world.scheduler.ended(spec)).toMatchObject({ reason: 'lost', exitCode: null });
  });

  it('that ran is lost, with the output that was stored', async () => {
    const spec = shell('echo begun; sleep 300');
    world.scheduler.want(spec);
    await world.scheduler.started(spec);
    await eventually(async () => String(await world.log(spec, 'stdout')) === 'begun\n', 'its output is stored');
    await cutAndBoot();
    const result = await world.scheduler.ended(spec);
    expect(result).toMatchObject({ reason: 'lost', exitCode: null });
    expect(result.message).toContain('The server was restarted while the job ran.');
    expect(String(await world.log(spec, 'stdout'))).toBe('begun\n');
    expect(processesOf(spec)).toEqual([]);
  });

  it('has its secrets out of the output that is shipped after it', async () => {
    const secret = 'a-secret-of-this-test';
    world.scheduler.secretValues = { KEY: secret };
    const spec = shell('while :; do echo "$KEY"; sync .. ../stdout; sleep 0.005; done', { secrets: ['KEY'] });
    world.scheduler.want(spec);
    await eventually(async () => (await world.log(spec, 'stdout')).length > 0, 'it writes');
    await cutAndBoot();
    await world.scheduler.ended(spec);
    const output = String(await world.log(spec, 'stdout'));
    expect(output).toContain('*'.repeat(secret.length));
    expect(output).not.toContain(secret);
  });
});
