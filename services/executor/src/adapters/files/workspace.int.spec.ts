// Inputs on their way to an attempt, over real files and mounts: what a hostile job can't change, and what faults can't break.
import type { BlobStore, LocalBlobs } from '@baton/blob-store';
import type { DesiredAttempt } from '@baton/contracts';
import { type TemporaryFolder, temporaryFolder } from '@baton/testkit';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readMounts } from '../staging/mount-table.ts';
import { openBlobs, openStaging, type Staging, type StagingOptions, storeRandom } from '../../testing/staging-world.ts';
import { job, storeManifest } from '../../testing/world.ts';

const IS_ROOT = process.getuid?.() === 0;
let temporary: TemporaryFolder;
let root: string;
let blobs: BlobStore & LocalBlobs;
const children: ChildProcess[] = [];

beforeEach(async () => {
  temporary = await temporaryFolder('baton-staging-');
  root = temporary.path;
  blobs = await openBlobs(root);
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const { point } of mountsBelow(root).toReversed()) execFileSync('umount', ['-l', point]);
  await temporary.cleanup();
});
afterAll(() => {
  if (!IS_ROOT) console.warn('SKIPPED: the tests of read-only mounts and full disks need the right to mount (root).');
});

const open = (options: StagingOptions = {}) => openStaging(blobs, root, options);
const mountsBelow = (folder: string) => readMounts().filter(({ point }) => point.startsWith(folder));

async function prepare(
  staging: Staging,
  spec: DesiredAttempt,
  heard: string[] = [],
  signal = new AbortController().signal,
) {
  staging.journal.add(spec);
  return staging.workspaces.prepare(spec, { signal, onProgress: (text) => heard.push(text) });
}

function withDataset(digest: string, as = 'digits'): DesiredAttempt {
  return job(['true'], { datasets: [{ as, digest }] });
}

const TEXT = 'label,pixel\n3,0.5\n';

/** Every way that a job's user has to change what it was given. */
const ATTACKS = [
  'echo x > "$D/a.csv"',
  'echo x >> "$D/sub/b.csv"',
  'chmod 777 "$D/a.csv"',
  'chmod -R 777 "$D"',
  'rm -f "$D/a.csv"',
  'rm -rf "$D"/*',
  'mv "$D/a.csv" "$D/c.csv"',
  'truncate -s 0 "$D/a.csv"',
  'ln "$D/a.csv" "$D/own" && echo x > "$D/own"',
  'touch "$D/new"',
  'touch -d yesterday "$D/a.csv"',
  'dd if=/dev/zero of="$D/a.csv" conv=notrunc bs=1 count=4',
];

describe.each([
  ['shown by a read-only mount', true],
  ['copied', false],
])('data that is %s', (_, mounts) => {
  it.skipIf(mounts && !IS_ROOT)('stays as it was in the cache and the store, whatever a job does to it', async () => {
    const staging = await open({ mounts });
    const digest = await storeManifest(blobs, { 'a.csv': { text: TEXT }, 'sub/b.csv': { text: TEXT.repeat(9) } });
    const spec = withDataset(digest);
    const { folders } = await prepare(staging, spec);
    const folder = join(folders.datasets, 'digits');
    expect(readFileSync(join(folder, 'sub/b.csv'), 'utf8')).toBe(TEXT.repeat(9));
    const before = fingerprint();
    for (const attack of ATTACKS) {
      const { status } = spawnSync('sh', ['-c', attack], { env: { ...process.env, D: folder } });
      expect([attack, mounts && status === 0]).toEqual([attack, false]);
      expect([attack, fingerprint()]).toEqual([attack, before]);
    }
    // A copy is the job's own to spoil.
    const spoilt = !mounts;
    expect(spoilt || readFileSync(join(folder, 'a.csv'), 'utf8') === TEXT).toBe(true);
    await staging.workspaces.remove(spec);
    expect(existsSync(staging.paths.attempt(spec).root)).toBe(false);
    expect(fingerprint()).toBe(before);
    expect(mountsBelow(root)).toEqual([]);

    /** Names, modes and content of all that is cached and stored. */
    function fingerprint(): string {
      const folders = [join(staging.paths.cache, 'trees'), join(root, 'blobs')];
      const all = folders.flatMap((one) => readdirSync(one, { recursive: true, withFileTypes: true }));
      const lines = all.map((entry) => {
        const path = join(entry.parentPath, entry.name);
        const { mode } = statSync(path);
        return `${path} ${mode} ${entry.isFile() && entry.name !== 'complete' ? readFileSync(path, 'base64') : ''}`;
      });
      return lines.toSorted().join('\n');
    }
  });
});

describe.skipIf(!IS_ROOT)('mounts', () => {
  it('cost no copy of the content: the store, the cache and every attempt share one file', async () => {
    const staging = await open();
    const {
      digest,
      blobs: [blob = ''],
    } = await storeRandom(blobs, [100_000]);
    const attempts = [withDataset(digest), withDataset(digest)];
    for (const spec of attempts) {
      const { folders } = await prepare(staging, spec);
      expect(statSync(join(folders.datasets, 'digits', 'part-0')).ino).toBe(statSync(blobs.pathOf(blob)).ino);
    }
    for (const spec of attempts) await staging.workspaces.release(spec);
    expect(mountsBelow(root)).toEqual([]);
  });

  it('go also while something still sits in them', async () => {
    const staging = await open();
    const spec = withDataset((await storeRandom(blobs, [10])).digest);
    const { folders } = await prepare(staging, spec);
    await sitIn(join(folders.datasets, 'digits'));
    await staging.workspaces.release(spec);
    expect(mountsBelow(root)).toEqual([]);
    await staging.workspaces.remove(spec);
    expect(existsSync(staging.paths.attempt(spec).root)).toBe(false);
  });

  it('of living attempts outlast the agent; those that a crash left behind go at its next start', async () => {
    const first = await open();
    const { digest } = await storeRandom(blobs, [10]);
    const [alive, dead] = [withDataset(digest), withDataset(digest)];
    const { folders } = await prepare(first, alive);
    await prepare(first, dead);
    const next = await open();
    await next.workspaces.sweep([alive]);
    expect(mountsBelow(root).map(({ point }) => point)).toEqual([join(folders.datasets, 'digits')]);
    await next.workspaces.release(alive);
    expect(mountsBelow(root)).toEqual([]);
  });

  it('go with the attempt although the job has moved its folder away', async () => {
    const staging = await open();
    const spec = withDataset((await storeRandom(blobs, [10])).digest);
    const { folders } = await prepare(staging, spec);
    renameSync(folders.datasets, join(root, 'moved'));
    expect(mountsBelow(join(root, 'moved'))).toHaveLength(1);
    await staging.workspaces.remove(spec);
    expect(mountsBelow(root)).toEqual([]);
  });

  it('of a preparation that was cut off are made anew', async () => {
    const staging = await open();
    const spec = withDataset((await storeRandom(blobs, [10])).digest);
    await prepare(staging, spec);
    await prepare(staging, spec);
    expect(mountsBelow(root)).toHaveLength(1);
  });
});

describe.skipIf(!IS_ROOT)('a full disk', () => {
  it('is waited for with a visible reason, and staging goes on when there is room', async () => {
    const disk = join(root, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'none', disk]);
    const staging = await open({ folder: join(disk, 'agent'), limitBytes: 8_000_000 });
    writeFileSync(join(disk, 'of-a-job'), Buffer.alloc(6_000_000));
    const heard: string[] = [];
    const waiting = prepare(staging, withDataset((await storeRandom(blobs, [4_000_000])).digest), heard);
    await expect
      .poll(() => heard.some((text) => text.startsWith('waiting for disk space: dataset digits lacks')))
      .toBe(true);
    rmSync(join(disk, 'of-a-job'));
    const { folders } = await waiting;
    expect(statSync(join(folders.datasets, 'digits', 'part-0')).size).toBe(4_000_000);
  });
});

/** A process with its working folder, and an open file, in there. */
async function sitIn(folder: string): Promise<void> {
  const child = spawn('sh', ['-c', 'exec 3< part-0; echo in; exec sleep 300'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  await once(child.stdout, 'data');
}
