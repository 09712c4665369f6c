// Jobs that harm themselves: they fill the disk, delete their own folder, point out of it, or ask for what can't be had.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readMounts } from './adapters/staging/mount-table.ts';
import { installedUv } from './testing/staging-world.ts';
import type { AgentProcess } from './testing/agent-process.ts';
import { eventually } from './testing/eventually.ts';
import { membersOf, shell, startWorld, storeManifest, type World } from './testing/world.ts';

const IS_ROOT = process.getuid?.() === 0;
const uv = installedUv();

describe('a job', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
    await world.startAgent(uv === null ? {} : { BATON_UV: uv });
  });
  afterAll(() => world.stop());

  it('that puts something in the way of its exit status ends all the same, and holds nothing', async () => {
    const spec = shell('rm -f ../run/exit; mkdir ../run/exit; exit 0');
    world.scheduler.want(spec);
    expect(await world.scheduler.ended(spec)).toMatchObject({ reason: 'lost' });
    expect(membersOf(world, spec)).toEqual([]);
  });

  it('that deletes all that it was given ends like any other, and harms nothing beyond it', async () => {
    const code = await storeManifest(world.blobs, { 'a.txt': { text: 'code' } });
    const digest = await storeManifest(world.blobs, { 'b.txt': { text: 'data' } });
    const datasets = [{ as: 'digits', digest }];
    const spec = shell('cat a.txt $BATON_DATASET_DIR/digits/b.txt; rm -rf "$(dirname "$PWD")" 2>/dev/null; exit 4', {
      code,
      datasets,
    });
    world.scheduler.want(spec);
    expect(await world.scheduler.ended(spec)).toMatchObject({ reason: 'exited', exitCode: 4 });
    const next = shell('cat a.txt $BATON_DATASET_DIR/digits/b.txt', { code, datasets });
    world.scheduler.want(spec, next);
    expect(await world.scheduler.ended(next)).toMatchObject({ reason: 'exited', exitCode: 0 });
    expect((await world.log(next, 'stdout')).toString()).toBe('codedata');
    world.scheduler.want();
    await eventually(
      () => !existsSync(world.attemptFolder(spec)) && !existsSync(world.attemptFolder(next)),
      'all is gone',
    );
    expect(readMounts().filter(({ point }) => point.startsWith(world.folder))).toEqual([]);
  });

  it("whose requirements conflict ends with the resolver's words", async () => {
    const text = `--no-index\nleaf @ file:///no/such/leaf-1.0-py3-none-any.whl\nleaf @ file:///no/such/leaf-2.0-py3-none-any.whl\n`;
    const code = await storeManifest(world.blobs, { 'requirements.txt': { text } });
    const spec = shell('true', { code, environment: { requirements: 'requirements.txt' } });
    world.scheduler.want(spec);
    const result = await world.scheduler.ended(spec);
    expect(result).toMatchObject({ reason: 'bad-input', startedAt: null });
    expect(result.message).toMatch(/could not be built: [^]*leaf/);
  });
});

describe.skipIf(!IS_ROOT)('a job that fills the disk', () => {
  let world: World;
  let disk: string;
  let agent: AgentProcess;
  beforeAll(async () => {
    world = await startWorld();
    disk = join(world.folder, 'agent');
    mkdirSync(disk, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'none', disk]);
    agent = await world.startAgent();
  });
  afterAll(async () => {
    await agent.stop();
    execFileSync('umount', ['-l', disk]);
    await world.stop();
  });

  it('sees it itself; the agent lives on, tells its end, and runs the next job when there is room again', async () => {
    const spec = shell('dd if=/dev/zero of=fill bs=64k; echo code $?; sleep 0.3; rm fill; exit 7');
    world.scheduler.want(spec);
    const result = await world.scheduler.ended(spec);
    expect(result).toMatchObject({ reason: 'exited', exitCode: 7 });
    const { bavail, bsize } = statfsSync(disk);
    expect(bavail * bsize).toBeGreaterThan(10_000_000);
    const next = shell('echo hello');
    world.scheduler.want(next);
    expect(await world.scheduler.ended(next)).toMatchObject({ reason: 'exited', exitCode: 0 });
  });

  it('and leaves it full ends all the same, and takes nothing with it', async () => {
    const neighbour = shell('sleep 2; echo neighbour; exit 5');
    world.scheduler.want(neighbour);
    await world.scheduler.started(neighbour);
    const spec = shell('cat /dev/zero > "$TMPDIR/fill"; exit 3');
    world.scheduler.want(neighbour, spec);
    expect(await world.scheduler.ended(spec)).toMatchObject({ exitCode: 3 });
    expect(await world.scheduler.ended(neighbour)).toMatchObject({ exitCode: 5 });
    world.scheduler.want();
    await eventually(() => !existsSync(world.attemptFolder(spec)), 'its folder is gone');
    expect(existsSync(`/proc/${agent.pid}`)).toBe(true);
    expect(agent.logged()).not.toContain('ENOSPC');
  });
});
