// The node's cache over real files: what is fetched, verified, kept, let go of and waited for.
import type { BlobStore, LocalBlobs } from '@baton/blob-store';
import type { DesiredAttempt } from '@baton/contracts';
import { type TemporaryFolder, temporaryFolder } from '@baton/testkit';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  DistantSource,
  openBlobs,
  openStaging,
  type Staging,
  type StagingOptions,
  storeRandom,
} from '../../testing/staging-world.ts';
import { job, storeManifest } from '../../testing/world.ts';
import { readMounts } from './mount-table.ts';

let temporary: TemporaryFolder;
let root: string;
let blobs: BlobStore & LocalBlobs;

beforeEach(async () => {
  temporary = await temporaryFolder('baton-cache-');
  root = temporary.path;
  blobs = await openBlobs(root);
});
afterEach(async () => {
  const mounts = readMounts().filter(({ point }) => point.startsWith(root));
  for (const { point } of mounts.toReversed()) execFileSync('umount', ['-l', point]);
  await temporary.cleanup();
});

const open = (options: StagingOptions = {}) => openStaging(blobs, root, options);

async function prepare(
  staging: Staging,
  spec: DesiredAttempt,
  heard: string[] = [],
  signal = new AbortController().signal,
) {
  staging.journal.add(spec);
  return staging.workspaces.prepare(spec, { signal, onProgress: (text) => heard.push(text) });
}

async function prepared(staging: Staging, spec: DesiredAttempt): Promise<DesiredAttempt> {
  await prepare(staging, spec);
  return spec;
}

function withDataset(digest: string): DesiredAttempt {
  return job(['true'], { datasets: [{ as: 'digits', digest }] });
}

describe('the cache', () => {
  it('fetches what several ask for at the same time once', async () => {
    const source = new DistantSource(blobs);
    const staging = await open({ source });
    const { digest } = await storeRandom(blobs, [1_000, 2_000, 3_000]);
    await Promise.all([1, 2, 3].map(() => prepare(staging, withDataset(digest))));
    expect(source.fetches).toHaveLength(3);
  });

  it('is found again by the next agent from what is on the disk', async () => {
    const source = new DistantSource(blobs);
    const { digest } = await storeRandom(blobs, [1_000]);
    await prepare(await open({ source }), withDataset(digest));
    const { folders } = await prepare(await open({ source }), withDataset(digest));
    expect(statSync(join(folders.datasets, 'digits', 'part-0')).size).toBe(1_000);
    expect(source.fetches).toHaveLength(1);
  });

  it('fetches only what is new in the next version of a dataset', async () => {
    const source = new DistantSource(blobs);
    const staging = await open({ source });
    const one = await storeManifest(blobs, { a: { text: 'same' } });
    const two = await storeManifest(blobs, { a: { text: 'same' }, b: { text: 'new' } });
    await prepare(staging, withDataset(one));
    await prepare(staging, withDataset(two));
    expect(source.fetches).toHaveLength(2);
  });

  it('goes on where a fetch broke off, and says how far it is', async () => {
    const source = new DistantSource(blobs);
    const { digest } = await storeRandom(blobs, [100_000]);
    source.fault = (content, from) => (from === 0 ? content.subarray(0, 40_000) : content);
    const heard: string[] = [];
    const { folders } = await prepare(await open({ source }), withDataset(digest), heard);
    expect(source.fetches.map(({ from }) => from)).toEqual([0, 40_000]);
    expect(heard).toContain('dataset digits 40 %');
    expect(heard).toContain("dataset digits: waiting for the platform's store");
    expect(statSync(join(folders.datasets, 'digits', 'part-0')).size).toBe(100_000);
  });

  it('never takes content that is not what its digest says', async () => {
    const source = new DistantSource(blobs);
    const { digest } = await storeRandom(blobs, [5_000]);
    source.fault = (content) => (source.fetches.length === 1 ? Buffer.alloc(content.length) : content);
    const { folders } = await prepare(await open({ source }), withDataset(digest));
    expect(readFileSync(join(folders.datasets, 'digits', 'part-0')).equals(Buffer.alloc(5_000))).toBe(false);
    expect(source.fetches).toHaveLength(2);
    source.fault = (content) => Buffer.alloc(content.length);
    const other = withDataset((await storeRandom(blobs, [5_000])).digest);
    await expect(prepare(await open({ source }), other)).rejects.toMatchObject({ code: 'digest_mismatch' });
  });

  it('verifies again after a restart of the server, since a power cut may have torn what was not on the disk', async () => {
    const {
      digest,
      blobs: [blob = ''],
    } = await storeRandom(blobs, [5_000]);
    const first = await open();
    await first.workspaces.remove(await prepared(first, withDataset(digest)));
    rmSync(blobs.pathOf(blob));
    writeFileSync(blobs.pathOf(blob), Buffer.alloc(5_000));
    await expect(prepare(await open({ bootId: 'another' }), withDataset(digest))).rejects.toMatchObject({
      code: 'digest_mismatch',
      message: 'A file of the dataset digits is damaged in the store.',
    });
  });

  it('fetches nothing again for that, also where the store is slow to say what belongs to it', async () => {
    const source = new DistantSource(blobs);
    const { digest } = await storeRandom(blobs, [5_000, 6_000]);
    const first = await open({ source });
    const spec = await prepared(first, withDataset(digest));
    await first.workspaces.remove(spec);
    source.read = (wanted) => sleep(200).then(() => blobs.read(wanted));
    await prepare(await open({ source, bootId: 'another' }), spec);
    expect(source.fetches).toHaveLength(2);
  });

  it('fetches again what somebody takes out of it behind its back', async () => {
    const source = new DistantSource(blobs);
    const staging = await open({ source });
    await prepare(staging, withDataset(await storeManifest(blobs, { a: { text: 'known' } })));
    const known = source.fetches[0]?.digest ?? '';
    source.fault = (content) => {
      rmSync(join(staging.cache.blobs, known), { force: true });
      return content;
    };
    const both = await storeManifest(blobs, { a: { text: 'known' }, b: { text: 'new' } });
    const { folders } = await prepare(staging, withDataset(both));
    expect(readFileSync(join(folders.datasets, 'digits', 'a'), 'utf8')).toBe('known');
    expect(source.fetches.length).toBeGreaterThanOrEqual(2);
  });

  it.each(['beside the store', 'elsewhere'])(
    'that lies %s is filled again when somebody has emptied it',
    async (where) => {
      const staging = await open(where === 'elsewhere' ? { source: new DistantSource(blobs) } : {});
      const wanted = await storeManifest(blobs, { a: { text: 'known' } });
      await prepare(staging, withDataset(wanted));
      rmSync(dirname(staging.cache.blobs), { recursive: true });
      const { folders } = await prepare(staging, withDataset(wanted));
      expect(readFileSync(join(folders.datasets, 'digits', 'a'), 'utf8')).toBe('known');
    },
  );

  it('lets the least recently used go, and its content with it', async () => {
    const source = new DistantSource(blobs);
    const staging = await open({ source, limitBytes: 25_000 });
    const sets = await Promise.all([1, 2, 3].map(() => storeRandom(blobs, [10_000])));
    for (const { digest } of sets) {
      const spec = await prepared(staging, withDataset(digest));
      await staging.workspaces.remove(spec);
      staging.journal.delete(spec);
    }
    const cached = readdirSync(staging.cache.shelves.trees.folder);
    expect(new Set(cached)).toEqual(new Set([sets[1]?.digest, sets[2]?.digest]));
    expect(new Set(readdirSync(staging.cache.blobs))).toEqual(new Set([sets[1]?.blobs[0], sets[2]?.blobs[0]]));
  });

  it('waits rather than evict what a running attempt uses, and says so', async () => {
    const staging = await open({ source: new DistantSource(blobs), limitBytes: 15_000 });
    const [one, two] = await Promise.all([1, 2].map(() => storeRandom(blobs, [10_000])));
    const running = await prepared(staging, withDataset(one?.digest ?? ''));
    const heard: string[] = [];
    const waiting = prepare(staging, withDataset(two?.digest ?? ''), heard);
    await expect.poll(() => heard).toContain('waiting for disk space: dataset digits lacks 4.9 KiB');
    expect(readdirSync(staging.cache.shelves.trees.folder)).toEqual([one?.digest]);
    await staging.workspaces.remove(running);
    staging.journal.delete(running);
    await waiting;
    expect(readdirSync(staging.cache.shelves.trees.folder)).toEqual([two?.digest]);
  });

  it('refuses what can never fit', async () => {
    const staging = await open({ source: new DistantSource(blobs), limitBytes: 5_000 });
    await expect(prepare(staging, withDataset((await storeRandom(blobs, [10_000])).digest))).rejects.toMatchObject({
      code: 'unsatisfiable',
      message: 'The dataset digits needs 9.8 KiB, and the cache of the node holds at most 4.9 KiB (BATON_CACHE_BYTES).',
    });
  });

  it('forgets what a crash left half built', async () => {
    const { digest } = await storeRandom(blobs, [10]);
    const { paths } = await open();
    mkdirSync(join(paths.cache, 'building', `${digest}.x`, 'files'), { recursive: true });
    mkdirSync(join(paths.cache, 'trees', digest, 'files'), { recursive: true });
    const next = await open();
    await expect.poll(() => readdirSync(join(paths.cache, 'building'))).toEqual([]);
    const { folders } = await prepare(next, withDataset(digest));
    expect(readdirSync(join(folders.datasets, 'digits'))).toEqual(['part-0']);
  });

  it("refuses a dataset whose files get into each other's way", async () => {
    const digest = await storeManifest(blobs, { a: { text: '1' }, 'a/b': { text: '2' } });
    await expect(prepare(await open(), withDataset(digest))).rejects.toMatchObject({ code: 'invalid_input' });
  });
});

describe('staging', () => {
  it('keeps to its rate, and stops when it is called off', async () => {
    const staging = await open({ source: new DistantSource(blobs), bytesPerSecond: 1_000_000 });
    const { digest } = await storeRandom(blobs, [250_000, 250_000]);
    const startedAt = performance.now();
    await prepare(staging, withDataset(digest));
    // Fetched and checked; the last piece of it waits for nothing after it.
    expect(performance.now() - startedAt).toBeGreaterThan(700);
    const calledOff = new AbortController();
    const slow = prepare(staging, withDataset((await storeRandom(blobs, [9_000_000])).digest), [], calledOff.signal);
    setTimeout(() => calledOff.abort(), 100);
    await expect(slow).rejects.toThrow('aborted');
  });

  it('runs behind everything else: in a thread of the lowest priority', async () => {
    const staging = await open({ bytesPerSecond: 1_000_000 });
    const { digest } = await storeRandom(blobs, [600_000, 600_000]);
    const slow = prepare(staging, withDataset(digest));
    await expect.poll(nicestThread).toBe(19);
    await slow;

    function nicestThread(): number {
      const stats = readdirSync('/proc/self/task').map((thread) =>
        readFileSync(`/proc/self/task/${thread}/stat`, 'latin1'),
      );
      return Math.max(...stats.map((text) => Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[16])));
    }
  });
});
