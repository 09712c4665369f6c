// Checkpoint folders on two nodes with one blob store: what is stored is whole, and what is gone on from is the newest.
import { type BlobStore, openFileBlobStore } from '@baton/blob-store';
import type { Manifest } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { temporaryFolder, type TemporaryFolder } from '@baton/testkit';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fill } from '../../app/checkpoints.ts';
import { StatePaths } from './attempt-paths.ts';
import { CheckpointFolders } from './checkpoints.ts';

const JOB = 'job_a';
const KEY = { jobId: JOB, attempt: 1 };

let temporary: TemporaryFolder;
let blobs: BlobStore;

beforeEach(async () => {
  temporary = await temporaryFolder('baton-checkpoints-');
  blobs = await openFileBlobStore({ folder: join(temporary.path, 'blobs') });
});
afterEach(() => temporary.cleanup());

function openNode(name: string, bootId = 'boot-1') {
  const paths = new StatePaths(join(temporary.path, name));
  const folder = paths.checkpoints(JOB);
  const folders = new CheckpointFolders({ paths, blobs, bootId });
  return {
    paths,
    folder,
    folders,
    at: (file: string) => join(folder, file),
    write(file: string, text: string) {
      writeFileSync(join(folder, `${file}.tmp`), text);
      renameSync(join(folder, `${file}.tmp`), join(folder, file));
    },
    begin: (checkpoints: string | null, from: Fill = fill, attempt = 1) =>
      folders.restore({ jobId: JOB, attempt, checkpoints }, from),
    settle: () => folders.settle(KEY),
    files: () =>
      Object.fromEntries(
        readdirSync(folder)
          .toSorted()
          .map((file) => [file, readFileSync(join(folder, file), 'utf8')]),
      ),
    collect: () => folders.collect(KEY),
    /** As while a job runs. */
    look: () => folders.collect(KEY, { pace: { take: async () => {} }, signal: new AbortController().signal }),
  };
}

const fill: Fill = async (digest, into) => {
  for (const { path, digest: content } of (await manifestOf(digest)).files) {
    mkdirSync(join(into, path, '..'), { recursive: true });
    await blobs.copyTo(content, join(into, path), 0o644);
  }
};
async function manifestOf(digest: string): Promise<Manifest> {
  return JSON.parse((await blobs.read(digest)).toString()) as Manifest;
}
async function stored(summary: { digest: string } | null): Promise<Record<string, string>> {
  const { files } = await manifestOf(summary?.digest ?? '');
  const texts = files.map(async ({ path, digest }): Promise<[string, string]> => [
    path,
    (await blobs.read(digest)).toString(),
  ]);
  return Object.fromEntries(await Promise.all(texts));
}

describe('a job that is tried again', () => {
  it('goes on, on the same node, from its own folder, with all that was never stored', async () => {
    const node = openNode('a');
    await node.begin(null);
    expect(await node.collect()).toBeNull();
    node.write('epoch', '3');
    const first = await node.collect();
    expect(first).toMatchObject({ fileCount: 1, sizeBytes: 1 });
    node.write('epoch', '4');
    writeFileSync(node.at('half.tmp'), 'half');
    await node.begin(first?.digest ?? null);
    expect(node.files()).toEqual({ epoch: '4', 'half.tmp': 'half' });
    await node.begin(null);
    expect(node.files()).toEqual({ epoch: '4', 'half.tmp': 'half' });
  });

  it('goes on, on another node, from what was stored; and back again from what is newer there', async () => {
    const [a, b] = [openNode('a'), openNode('b')];
    await a.begin(null);
    a.write('epoch', '3');
    const first = await a.collect();
    await b.begin(first?.digest ?? null);
    expect(b.files()).toEqual({ epoch: '3' });
    b.write('epoch', '7');
    b.write('best', '6');
    const second = await b.collect();
    a.write('left-over', 'x');
    await a.begin(second?.digest ?? null);
    expect(a.files()).toEqual({ best: '6', epoch: '7' });
    // Its own now: an agent that is new to it keeps it.
    a.write('epoch', '8');
    await openNode('a').begin(second?.digest ?? null);
    expect(a.files()).toEqual({ best: '6', epoch: '8' });
  });

  it('gets what was stored where its folder was removed, or a link put in its place', async () => {
    const node = openNode('a');
    await node.begin(null);
    node.write('epoch', '3');
    const digest = (await node.collect())?.digest ?? null;
    rmSync(node.folder, { recursive: true });
    await node.begin(digest);
    expect(node.files()).toEqual({ epoch: '3' });
    rmSync(node.folder, { recursive: true });
    symlinkSync('/etc', node.folder);
    expect(await node.collect()).toBeNull();
    await node.begin(digest);
    expect(node.files()).toEqual({ epoch: '3' });
    expect(existsSync('/etc/passwd')).toBe(true);
  });

  it('keeps what it had when what was stored can not be had, and its own input is not to blame', async () => {
    const node = openNode('a');
    await node.begin(null);
    node.write('epoch', '3');
    const fails: Fill = async (_digest, into) => {
      writeFileSync(join(into, 'epoch'), '9');
      throw new PlatformError('not_found', 'A blob is gone.');
    };
    await expect(node.begin('0'.repeat(64), fails)).rejects.toMatchObject({ code: 'internal' });
    expect(node.files()).toEqual({ epoch: '3' });
  });
});

describe('what is stored', () => {
  it('is what is finished: no .tmp, no .partial, file or folder; links by what they lead to', async () => {
    const node = openNode('a');
    await node.begin(null);
    mkdirSync(node.at('step-200.tmp'));
    writeFileSync(node.at('step-200.tmp/weights'), 'half');
    mkdirSync(node.at('step-100'));
    writeFileSync(node.at('step-100/weights'), 'whole');
    writeFileSync(node.at('b.partial'), 'half');
    symlinkSync('step-100', node.at('latest'));
    symlinkSync('/etc/passwd', node.at('stolen'));
    expect(await stored(await node.collect())).toEqual({ 'step-100/weights': 'whole', 'latest/weights': 'whole' });
  });

  it('is read once: only what has changed is read again', async () => {
    const node = openNode('a');
    await node.begin(null);
    node.write('big', 'x'.repeat(400_000));
    node.write('epoch', '1');
    const first = await node.look();
    expect(await node.look()).toEqual(first);
    // Other content that nobody can tell apart from outside: it would be found out if it were read.
    const { digest } = (await manifestOf(first?.digest ?? '')).files[0] ?? { digest: '' };
    rmSync(blobPath(digest), { force: true });
    node.write('epoch', '2');
    const second = await node.look();
    expect(second?.digest).not.toBe(first?.digest);
    expect(existsSync(blobPath(digest))).toBe(false);
  });
  const blobPath = (digest: string) => join(temporary.path, 'blobs', digest.slice(0, 2), digest.slice(2, 4), digest);

  /** Something that the job does between the reading and the second look. */
  const meddling = (meddle: (time: number) => void): BlobStore => {
    let time = 0;
    return new Proxy(blobs, {
      get: (target, key) => {
        if (key === 'put') meddle((time += 1));
        return Reflect.get(target, key).bind(target);
      },
    });
  };

  it('is nothing of a folder that a power cut may have torn, and that goes on as it was stored last', async () => {
    const node = openNode('a');
    await node.begin(null);
    node.write('weights', 'stored');
    const before = await node.collect();
    node.write('weights', 'torn');
    const booted = openNode('a', 'boot-2');
    expect(await booted.collect()).toBeNull();
    await booted.begin(before?.digest ?? null, fill, 2);
    expect(booted.files()).toEqual({ weights: 'stored' });
    expect(readFileSync(join(booted.paths.checkpointNotes(JOB).beforeBoot, 'weights'), 'utf8')).toBe('torn');
    booted.write('weights', 'on');
    expect(await stored(await booted.collect())).toEqual({ weights: 'on' });
  });

  it('stays as it is over a power cut when all of it was brought to the disk, and where nothing was ever stored', async () => {
    const node = openNode('a');
    await node.begin(null);
    node.write('weights', 'stored');
    const before = await node.collect();
    node.write('weights', 'newer');
    await node.settle();
    const booted = openNode('a', 'boot-2');
    await booted.begin(before?.digest ?? null);
    expect(booted.files()).toEqual({ weights: 'newer' });
    const other = openNode('b');
    await other.begin(null);
    other.write('weights', 'never stored');
    await openNode('b', 'boot-2').begin(null);
    expect(other.files()).toEqual({ weights: 'never stored' });
  });

  it('may be torn where the next attempt has it already when the one before is brought to the disk', async () => {
    const node = openNode('a');
    await node.begin(null);
    node.write('weights', 'stored');
    const before = await node.collect();
    await node.begin(before?.digest ?? null, fill, 2);
    node.write('weights', 'torn');
    await node.settle();
    const booted = openNode('a', 'boot-2');
    await booted.begin(before?.digest ?? null, fill, 3);
    expect(booted.files()).toEqual({ weights: 'stored' });
  });

  it('is the state after a rename that came in between, never half of each', async () => {
    const node = openNode('a');
    await node.begin(null);
    node.write('weights', 'old');
    node.write('optimizer', 'old');
    const folders = new CheckpointFolders({
      paths: node.paths,
      bootId: 'boot-1',
      blobs: meddling((time) => {
        if (time !== 1) return;
        node.write('weights', 'new');
        node.write('optimizer', 'new');
      }),
    });
    expect(await stored(await folders.collect(KEY))).toEqual({ optimizer: 'new', weights: 'new' });
  });

  it('is nothing where files come and go all the time', async () => {
    const node = openNode('a');
    await node.begin(null);
    node.write('weights', 'x');
    const folders = new CheckpointFolders({
      paths: node.paths,
      bootId: 'boot-1',
      blobs: meddling((time) => node.write('weights', `${time}`)),
    });
    expect(await folders.collect(KEY)).toBeNull();
  });

  it('has a file that is being written to as it was the time before, or not at all', async () => {
    const node = openNode('a');
    await node.begin(null);
    node.write('weights', 'w');
    node.write('events', 'a');
    const before = await node.collect();
    node.write('weights', 'v');
    writeFileSync(node.at('new-log'), 'x');
    const folders = new CheckpointFolders({
      paths: node.paths,
      bootId: 'boot-1',
      blobs: meddling(() => {
        appendFileSync(node.at('events'), 'b');
        appendFileSync(node.at('new-log'), 'b');
      }),
    });
    const during = await folders.collect(KEY);
    expect(await stored(before)).toEqual({ events: 'a', weights: 'w' });
    expect(await stored(during)).toEqual({ events: 'a', weights: 'v' });
  });
});

it('removes folders that nothing has used for long, and no others', async () => {
  const node = openNode('a');
  await node.begin(null);
  node.write('epoch', '3');
  await node.collect();
  const long = 7 * 86_400_000;
  await node.folders.sweep(new Set(), long);
  expect(node.files()).toEqual({ epoch: '3' });
  const lastWeek = Date.now() / 1_000 - long / 1_000 - 60;
  for (const path of [node.folder, node.paths.checkpointNotes(JOB).lineage]) utimesSync(path, lastWeek, lastWeek);
  await node.folders.sweep(new Set([JOB]), long);
  expect(node.files()).toEqual({ epoch: '3' });
  await node.folders.sweep(new Set(), long);
  expect(existsSync(node.folder)).toBe(false);
  expect(existsSync(node.paths.checkpointNotes(JOB).root)).toBe(false);
});
