// Artifacts out of folders as hostile jobs leave them, into a real blob store.
import { type BlobStore, openFileBlobStore } from '@baton/blob-store';
import type { Manifest } from '@baton/contracts';
import { temporaryFolder, type TemporaryFolder } from '@baton/testkit';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ArtifactCollector } from './artifact-collector.ts';
import { StatePaths } from './attempt-paths.ts';

const KEY = { jobId: 'job_a', attempt: 1 };
const isRoot = process.getuid?.() === 0;

let temporary: TemporaryFolder;
let blobs: BlobStore;
let output: string;
let paths: StatePaths;

beforeEach(async () => {
  temporary = await temporaryFolder('baton-artifacts-');
  blobs = await openFileBlobStore({ folder: join(temporary.path, 'blobs') });
  paths = new StatePaths(join(temporary.path, 'agent'));
  output = paths.attempt(KEY).output;
  mkdirSync(output, { recursive: true });
});
afterEach(() => temporary.cleanup());

const at = (...names: string[]) => join(output, ...names);
const collect = () => new ArtifactCollector(paths, blobs).collect(KEY);

async function collected() {
  const { artifacts, note, complete } = await collect();
  const manifest = artifacts && (JSON.parse((await blobs.read(artifacts.digest)).toString()) as Manifest);
  const texts = (manifest?.files ?? []).map(async ({ path, digest }): Promise<[string, string]> => [
    path,
    (await blobs.read(digest)).toString(),
  ]);
  return { files: Object.fromEntries(await Promise.all(texts)), manifest, note, complete };
}

describe('what becomes an artifact', () => {
  it('is every regular file, with its mode, sorted, the same content once', async () => {
    mkdirSync(at('sub/deep'), { recursive: true });
    mkdirSync(at('empty-folder'));
    writeFileSync(at('run.sh'), '#!/bin/sh\n', { mode: 0o755 });
    writeFileSync(at('sub/deep/weights 표\n.bin'), 'w'.repeat(600_000));
    writeFileSync(at('sub/copy.bin'), 'w'.repeat(600_000));
    writeFileSync(at('empty'), '');
    const { manifest, note, complete } = await collected();
    expect(manifest?.files.map(({ path, sizeBytes, executable }) => [path, sizeBytes, executable])).toEqual([
      ['empty', 0, undefined],
      ['run.sh', 10, true],
      ['sub/copy.bin', 600_000, undefined],
      ['sub/deep/weights 표\n.bin', 600_000, undefined],
    ]);
    expect(manifest?.files[2]?.digest).toBe(manifest?.files[3]?.digest);
    expect([note, complete]).toEqual([null, true]);
    expect((await collect()).artifacts).toEqual((await collect()).artifacts);
  });

  it('is nothing where there is nothing, or no folder any more', async () => {
    expect(await collect()).toEqual({ artifacts: null, note: null, complete: true });
    rmSync(output, { recursive: true });
    expect(await collect()).toEqual({ artifacts: null, note: null, complete: true });
  });
});

describe('what a job may leave besides', () => {
  it('a link is followed within the folder, and named where it leads out', async () => {
    writeFileSync(at('epoch-3.pt'), 'three');
    symlinkSync('epoch-3.pt', at('best.pt'));
    symlinkSync('/etc/passwd', at('stolen'));
    symlinkSync('/etc', at('folder'));
    symlinkSync('../../../../../../etc', at('up'));
    symlinkSync('missing', at('dangling'));
    const { files, note } = await collected();
    expect(files).toEqual({ 'epoch-3.pt': 'three', 'best.pt': 'three' });
    expect(note).toBe(
      'Not taken as artifacts: "dangling", "folder", "stolen" and 1 more (a link that leads to none of them is not followed).',
    );
  });

  it('a link in place of the folder itself is not followed', async () => {
    rmSync(output, { recursive: true });
    symlinkSync('/etc', output);
    expect(await collect()).toMatchObject({ artifacts: null, note: expect.stringContaining('no folder any more') });
  });

  it('pipes, sockets and devices are named, and never waited for', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    const server = createServer().listen(at('socket'));
    if (isRoot) execFileSync('mknod', [at('zero'), 'c', '1', '5']);
    writeFileSync(at('kept'), 'kept');
    const { files, note } = await collected();
    server.close();
    expect(files).toEqual({ kept: 'kept' });
    expect(note).toContain(isRoot ? '"pipe", "socket", "zero" (it is no' : '"pipe", "socket" (it is no');
  });

  it('names that are no text are named by their bytes; the rest is taken', async () => {
    writeFileSync(Buffer.concat([Buffer.from(`${output}/caf`), Buffer.from([0xe9]), Buffer.from('.txt')]), 'x');
    writeFileSync(at('back\\slash'), 'x');
    const folder = Buffer.concat([Buffer.from(`${output}/`), Buffer.from([0xff])]);
    mkdirSync(folder);
    writeFileSync(Buffer.concat([folder, Buffer.from('/inside')]), 'x');
    writeFileSync(at('café.txt'), 'é');
    const { files, note } = await collected();
    expect(files).toEqual({ 'café.txt': 'é' });
    expect(note).toContain(String.raw`"\\xff", "back\\slash", "caf\\xe9.txt"`);
  });

  it('hard links are one content; one to a file of somebody else is not read', async (context) => {
    writeFileSync(at('a'), 'shared');
    linkSync(at('a'), at('b'));
    expect((await collected()).files).toEqual({ a: 'shared', b: 'shared' });
    if (!isRoot) return context.skip('only root can give files away');
    const secret = join(temporary.path, 'secret');
    writeFileSync(secret, 'of somebody else');
    chownSync(secret, 65_534, 65_534);
    linkSync(secret, at('c'));
    const { files, note } = await collected();
    expect(files).toEqual({ a: 'shared', b: 'shared' });
    expect(note).toContain('"c" (a hard link to a file of somebody else)');
  });

  it('a path deeper than the system takes in one piece is walked, and named once it is too long', async () => {
    // Built by going down: as one path it could not be named at all.
    const script = `
      const { mkdirSync, writeFileSync } = require('node:fs');
      const name = 'd'.repeat(250);
      for (let depth = 0; depth < 26; depth += 1) {
        writeFileSync('f', 'x');
        mkdirSync(name);
        process.chdir(name);
      }`;
    execFileSync(process.execPath, ['--eval', script], { cwd: output });
    const { files, note, complete } = await collected();
    expect(Object.keys(files)).toHaveLength(5);
    expect([note?.includes('too long'), complete]).toEqual([true, true]);
    // By names that are relative, as it was made.
    execFileSync('rm', ['-rf', output]);
  });
});

describe('what happens meanwhile', () => {
  /** A store in front of which something happens to the folder as soon as the first content comes. */
  function meddling(meddle: () => void): BlobStore {
    let isFirst = true;
    return new Proxy(blobs, {
      get: (target, key) => {
        if (key === 'put' && isFirst) {
          isFirst = false;
          meddle();
        }
        return Reflect.get(target, key).bind(target);
      },
    });
  }
  const during = async (meddle: () => void) => {
    const { artifacts, note } = await new ArtifactCollector(paths, meddling(meddle)).collect(KEY);
    return { artifacts, note };
  };

  it('a file that grows is taken as long as it was, and named', async () => {
    const size = 3_000_000;
    writeFileSync(at('growing.log'), 'x'.repeat(size));
    const { artifacts, note } = await during(() => appendFileSync(at('growing.log'), 'y'.repeat(1_000)));
    expect(artifacts).toMatchObject({ fileCount: 1, sizeBytes: size });
    expect(note).toContain('Still written to while they were stored: "growing.log"');
  });

  it('files that vanish are no failure', async () => {
    for (let index = 0; index < 50; index += 1) writeFileSync(at(`file-${index}`), `content ${index}`);
    const { artifacts } = await during(() => {
      for (const name of readdirSync(output)) unlinkSync(at(name));
    });
    expect(artifacts?.fileCount ?? 0).toBeLessThanOrEqual(50);
  });

  it('a folder that a link replaces is not left by it', async () => {
    mkdirSync(at('sub'));
    for (let index = 0; index < 40; index += 1) writeFileSync(at('sub', `file-${index}`), `content ${index}`);
    writeFileSync(at('sub', 'passwd'), 'own');
    writeFileSync(at('first'), 'first');
    const { artifacts } = await during(() => {
      rmSync(at('sub'), { recursive: true });
      symlinkSync('/etc', at('sub'));
    });
    const manifest = JSON.parse((await blobs.read(artifacts?.digest ?? '')).toString()) as Manifest;
    const texts = await Promise.all(manifest.files.map(async ({ digest }) => (await blobs.read(digest)).toString()));
    for (const text of texts) expect(text).toMatch(/^(first|own|content \d+)$/);
  });

  it('a store that fails is an error, and not fewer artifacts', async () => {
    writeFileSync(at('a'), 'a');
    const failing = new Proxy(blobs, {
      get: (target, key) => (key === 'put' ? () => Promise.reject(new Error('full')) : Reflect.get(target, key)),
    });
    await expect(new ArtifactCollector(paths, failing).collect(KEY)).rejects.toThrow('full');
  });
});

it('what the job may not read itself is named, and the rest is taken', (context) => {
  if (!isRoot) return context.skip('needs root, to become somebody who is not');
  writeFileSync(at('locked'), 'x', { mode: 0o000 });
  mkdirSync(at('closed'), { mode: 0o000 });
  writeFileSync(at('open'), 'x');
  execFileSync('chown', ['-R', '65534:65534', temporary.path]);
  execFileSync('chmod', ['711', temporary.path]);
  const script = `
    import { openFileBlobStore } from '@baton/blob-store';
    import { ArtifactCollector } from ${JSON.stringify(join(import.meta.dirname, 'artifact-collector.ts'))};
    import { StatePaths } from ${JSON.stringify(join(import.meta.dirname, 'attempt-paths.ts'))};
    process.setgid(65534); process.setuid(65534);
    const blobs = await openFileBlobStore({ folder: ${JSON.stringify(join(temporary.path, 'blobs'))} });
    const paths = new StatePaths(${JSON.stringify(join(temporary.path, 'agent'))});
    console.log(JSON.stringify(await new ArtifactCollector(paths, blobs).collect(${JSON.stringify(KEY)})));
  `;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=source', '--input-type=module', '--eval', script],
    { cwd: import.meta.dirname, encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toMatchObject({
    artifacts: { fileCount: 1 },
    note: 'Not taken as artifacts: "closed", "locked" (it could not be read).',
    complete: true,
  });
});

it('a hundred thousand files are all taken', { timeout: 300_000 }, async () => {
  execFileSync('/bin/sh', ['-c', 'seq 100000 | xargs touch; echo content > 1'], { cwd: output });
  const { artifacts } = await collect();
  expect(artifacts).toMatchObject({ fileCount: 100_000, sizeBytes: 8 });
  execFileSync('rm', ['-rf', output]);
});
