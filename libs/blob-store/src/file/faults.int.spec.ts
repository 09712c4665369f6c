// The file adapter on real faults: killed at any instant, a full disk, a read-only disk.
import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFileBlobStore } from './store.ts';

const PROGRAM = fileURLToPath(new URL('../testing/put-until-killed.ts', import.meta.url));
const KILLS = 12;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'blob-faults-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

it('holds only whole blobs after any kill, and every one that was acknowledged', async () => {
  const blobs = join(folder, 'killed');
  const acknowledged = new Set<string>();
  for (let kill = 0; kill < KILLS; kill += 1) {
    for (const digest of await putAndKill(blobs, kill * 7)) acknowledged.add(digest);
  }
  const found = blobFiles(blobs);
  for (const path of found) {
    expect(path.endsWith(createHash('sha256').update(readFileSync(path)).digest('hex'))).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o444);
  }
  const names = new Set(found.map((path) => path.slice(-64)));
  expect(acknowledged.size).toBeGreaterThan(0);
  expect([...acknowledged].filter((digest) => !names.has(digest))).toEqual([]);
});

describe.skipIf(!canMount())('on a small disk of its own', () => {
  let disk: string;
  beforeAll(() => {
    disk = join(folder, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', disk]);
  });
  afterAll(() => execFileSync('umount', [disk]));

  it('reports a full disk, keeps nothing of what did not fit, and goes on', async () => {
    const blobs = await openFileBlobStore({ folder: join(disk, 'blobs') });
    await expect(blobs.put(randomBytes(2_000_000))).rejects.toMatchObject({ code: 'storage_full' });
    const { digest } = await blobs.put(randomBytes(200_000));
    expect(blobFiles(join(disk, 'blobs')).map((path) => path.slice(-64))).toEqual([digest]);
  });

  it('adopts a file from another file system by copying it', async () => {
    const source = await openFileBlobStore({ folder: join(folder, 'source') });
    const { digest } = await source.put(randomBytes(1000));
    await source.copyTo(digest, join(folder, 'upload'), 0o600);
    const blobs = await openFileBlobStore({ folder: join(disk, 'blobs') });
    expect(await blobs.adopt(join(folder, 'upload'), digest)).toEqual({ digest, sizeBytes: 1000 });
    expect(readdirSync(folder)).not.toContain('upload');
  });

  it('reports a copy that does not fit, and leaves no half of it', async () => {
    const source = await openFileBlobStore({ folder: join(folder, 'source') });
    const { digest } = await source.put(randomBytes(2_000_000));
    await expect(source.copyTo(digest, join(disk, 'copy'), 0o600)).rejects.toMatchObject({ code: 'storage_full' });
    expect(readdirSync(disk)).not.toContain('copy');
  });

  it('reports a read-only disk, whether it would write or adopt, and goes on', async () => {
    const blobs = await openFileBlobStore({ folder: join(disk, 'blobs') });
    const content = randomBytes(10);
    const path = join(folder, 'upload');
    writeFileSync(path, content);
    const adopt = () => blobs.adopt(path, createHash('sha256').update(content).digest('hex'));
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    await expect(blobs.put(content)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(adopt()).rejects.toMatchObject({ code: 'unavailable' });
    execFileSync('mount', ['-o', 'remount,rw', disk]);
    expect(await adopt()).toMatchObject({ sizeBytes: 10 });
  });
});

async function putAndKill(blobs: string, afterMs: number): Promise<string[]> {
  const child = spawn(process.execPath, ['--conditions=source', PROGRAM, blobs], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const printed = text(child.stdout);
  const exited = once(child, 'exit');
  // From the first acknowledgement on, each round lets it run a little longer.
  await once(child.stdout, 'data');
  await sleep(afterMs);
  child.kill('SIGKILL');
  await exited;
  return (await printed).split('\n').filter((line) => line.length === 64);
}

function blobFiles(blobs: string): string[] {
  return readdirSync(blobs, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.endsWith('staging'))
    .map((entry) => join(entry.parentPath, entry.name));
}

function canMount(): boolean {
  const probe = mkdtempSync(join(tmpdir(), 'blob-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', probe], { stdio: 'ignore' });
    execFileSync('umount', [probe]);
    return true;
  } catch {
    console.warn('SKIPPED: the tests of a full and a read-only disk need the right to mount (root).');
    return false;
  } finally {
    rmSync(probe, { recursive: true });
  }
}
