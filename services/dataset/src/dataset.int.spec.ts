// The dataset service on a real nats-server, called as the gateway calls it.
import { openStage, person, type Stage, VISION } from '@baton/catalogue/testing';
import { datasetRpc, type Principal } from '@baton/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { datasetService } from './definition.ts';

const owner = person('a', { groups: [VISION.id] });
const member = person('b', { groups: [VISION.id] });
const stranger = person('c');
const admin = person('d', { role: 'admin' });
const code = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'ok',
    (error: { code?: string }) => error.code ?? 'no code',
  );

let stage: Stage;
beforeAll(async () => {
  stage = await openStage(datasetService);
});
afterAll(() => stage?.close());

async function made(
  name: string,
  more: { visibility?: 'private' | 'group' | 'everyone'; group?: string } = {},
): Promise<string> {
  const { id } = await stage.call(datasetRpc.create, owner, { name, ...more });
  await stage.call(datasetRpc.addVersion, owner, { id, uploads: [await stage.upload('data.csv', `rows of ${name}`)] });
  return id;
}

describe('who may do what with a dataset', () => {
  const operations = (principal: Principal, id: string, name: string) => ({
    get: () => stage.call(datasetRpc.get, principal, { id }),
    list: () => stage.call(datasetRpc.list, principal, { name }).then(({ items }) => expect(items).toHaveLength(1)),
    manifest: () => stage.call(datasetRpc.manifest, principal, { id: name, version: 1 }),
    resolve: () => stage.call(datasetRpc.resolve, principal, { ref: name, version: 'latest' }),
    update: () => stage.call(datasetRpc.update, principal, { id, description: principal.userId }),
    addVersion: async () =>
      stage.call(datasetRpc.addVersion, principal, { id, uploads: [await stage.upload('b.csv', principal.userId)] }),
    delete: () => stage.call(datasetRpc.delete, principal, { id: name }),
  });
  const hidden = {
    get: 'not_found',
    list: 'no code',
    manifest: 'not_found',
    resolve: 'not_found',
    update: 'not_found',
    addVersion: 'not_found',
    delete: 'not_found',
  };
  const readable = {
    get: 'ok',
    list: 'ok',
    manifest: 'ok',
    resolve: 'ok',
    update: 'forbidden',
    addVersion: 'forbidden',
    delete: 'forbidden',
  };
  const everything = {
    get: 'ok',
    list: 'ok',
    manifest: 'ok',
    resolve: 'ok',
    update: 'ok',
    addVersion: 'ok',
    delete: 'ok',
  };
  const matrix = [
    ['private', 'owner', owner, everything],
    ['private', 'member', member, hidden],
    ['private', 'stranger', stranger, hidden],
    ['private', 'admin', admin, everything],
    ['group', 'member', member, readable],
    ['group', 'stranger', stranger, hidden],
    ['group', 'admin', admin, everything],
    ['everyone', 'member', member, readable],
    ['everyone', 'stranger', stranger, readable],
  ] as const;

  it.each(matrix)('%s: the %s', async (visibility, who, principal, expected) => {
    const name = `${visibility}-${who}`;
    const id = await made(name, { visibility, group: VISION.name });
    const outcome: Record<string, string> = {};
    for (const [operation, run] of Object.entries(operations(principal, id, name)))
      outcome[operation] = await code(run());
    expect(outcome).toEqual(expected);
  });

  it("changes nothing for a job's token", async () => {
    const id = await made('of-a-job');
    const job: Principal = { ...owner, kind: 'job', jobId: `job_${'a'.repeat(26)}` };
    expect(await code(stage.call(datasetRpc.get, job, { id }))).toBe('ok');
    expect(await code(stage.call(datasetRpc.delete, job, { id }))).toBe('forbidden');
    expect(await code(stage.call(datasetRpc.create, job, { name: 'by-a-job' }))).toBe('forbidden');
  });
});

describe('groups', () => {
  it.each([VISION.name, VISION.id])('are named by name or id, and kept as the id: %s', async (group) => {
    const shared = { groupId: VISION.id, visibility: 'group' };
    const { id } = await stage.call(datasetRpc.create, owner, { name: `in-${group}`, group });
    expect(await stage.call(datasetRpc.get, member, { id })).toMatchObject(shared);
    const { id: later } = await stage.call(datasetRpc.create, owner, { name: `later-in-${group}` });
    await stage.call(datasetRpc.update, owner, { id: later, group, visibility: 'group' });
    expect(await stage.call(datasetRpc.get, member, { id: later })).toMatchObject(shared);
    await stage.call(datasetRpc.update, owner, { id: later, group: null });
    expect(await stage.call(datasetRpc.get, owner, { id: later })).toMatchObject({
      groupId: null,
      visibility: 'private',
    });
  });

  it('that the caller is not in are answered like those that are not there', async () => {
    const refusal = (group: string, name: string) =>
      stage.call(datasetRpc.create, stranger, { name, group }).catch((error: Error & { code: string }) => error);
    const words = async (group: string) => {
      const { code: answered, message } = (await refusal(group, 'unshared')) as Error & { code: string };
      return [answered, message.replace(group, 'GROUP')];
    };
    expect((await words(VISION.name))[0]).toBe('not_found');
    expect(await words(VISION.name)).toEqual(await words('nothing'));
    expect(await words(VISION.id)).toEqual(await words('nothing'));
    const id = await made('of-no-group');
    for (const group of ['nothing', `grp_${'n'.repeat(26)}`])
      expect(await code(stage.call(datasetRpc.update, owner, { id, group }))).toBe('not_found');
  });

  it('say nothing to who may not change the thing', async () => {
    const id = await made('open-to-read', { visibility: 'everyone' });
    for (const group of [VISION.name, 'nothing'])
      expect(await code(stage.call(datasetRpc.update, member, { id, group }))).toBe('forbidden');
  });

  it('may be left before a creation is repeated: the answer is the first one', async () => {
    const wanted = { name: 'repeated-in-group', group: VISION.name };
    const first = await stage.call(datasetRpc.create, owner, wanted, { idempotencyKey: 'group-1' });
    const outside = { ...owner, groups: [] };
    expect(await stage.call(datasetRpc.create, outside, wanted, { idempotencyKey: 'group-1' })).toEqual(first);
    expect(await code(stage.call(datasetRpc.create, outside, wanted, { idempotencyKey: 'group-2' }))).toBe('not_found');
  });
});

describe('names', () => {
  it('are unique in the installation, whoever asks, and free again after a deletion', async () => {
    const id = await made('unique');
    expect(await code(stage.call(datasetRpc.create, stranger, { name: 'unique' }))).toBe('name_taken');
    expect(await code(stage.call(datasetRpc.create, stranger, { name: 'Unique' }))).toBe('name_taken');
    await stage.call(datasetRpc.delete, owner, { id });
    expect(await code(stage.call(datasetRpc.resolve, owner, { ref: id, version: 1 }))).toBe('not_found');
    expect(await code(stage.call(datasetRpc.resolve, admin, { ref: 'unique', version: 1 }))).toBe('not_found');
    const again = await stage.call(datasetRpc.create, stranger, { name: 'unique' });
    expect(again.id).not.toBe(id);
  });

  it('are not reserved by a creation that is refused', async () => {
    expect(await code(stage.call(datasetRpc.create, stranger, { name: 'refused', visibility: 'group' }))).toBe(
      'invalid_input',
    );
    expect(await code(stage.call(datasetRpc.create, stranger, { name: 'refused', group: VISION.id }))).toBe(
      'not_found',
    );
    expect(await code(stage.call(datasetRpc.create, owner, { name: 'refused' }))).toBe('ok');
  });

  it('go to one of many who ask at once', async () => {
    const outcomes = await Promise.all(
      Array.from('efghij', (letter) => code(stage.call(datasetRpc.create, person(letter), { name: 'contended' }))),
    );
    expect(outcomes.toSorted()).toEqual([...Array<string>(5).fill('name_taken'), 'ok']);
  });
});

describe('repeats and revisions', () => {
  it('answers a repeated creation as the first one, and refuses another with the same key', async () => {
    const first = await stage.call(datasetRpc.create, owner, { name: 'repeated' }, { idempotencyKey: 'k1' });
    await stage.call(datasetRpc.update, owner, { id: first.id, description: 'changed since' });
    expect(await stage.call(datasetRpc.create, owner, { name: 'repeated' }, { idempotencyKey: 'k1' })).toEqual(first);
    expect(await code(stage.call(datasetRpc.create, owner, { name: 'other' }, { idempotencyKey: 'k1' }))).toBe(
      'idempotency_key_reused',
    );
    expect(await code(stage.call(datasetRpc.create, stranger, { name: 'other' }, { idempotencyKey: 'k1' }))).toBe('ok');
  });

  it('adds one version for a repeated command, also after another one came in between', async () => {
    const { id } = await stage.call(datasetRpc.create, owner, { name: 'versions' });
    const one = { id, uploads: [await stage.upload('a.csv', 'one')] };
    const two = { id, uploads: [await stage.upload('a.csv', 'two')] };
    const first = await stage.call(datasetRpc.addVersion, owner, one, { idempotencyKey: 'v1' });
    expect(first.version).toBe(1);
    expect((await stage.call(datasetRpc.addVersion, owner, two)).version).toBe(2);
    expect(await stage.call(datasetRpc.addVersion, owner, one, { idempotencyKey: 'v1' })).toEqual(first);
    expect((await stage.call(datasetRpc.addVersion, owner, two)).version).toBe(2);
    const dataset = await stage.call(datasetRpc.get, owner, { id });
    expect(dataset.versions.map(({ version }) => version)).toEqual([1, 2]);
  });

  it('refuses a change of what has changed since it was read, and says so only to readers', async () => {
    const id = await made('revised');
    const { revision } = await stage.call(datasetRpc.get, owner, { id });
    const changed = await stage.call(datasetRpc.update, owner, { id, tags: ['x'] }, { ifRevision: revision });
    expect(changed.revision).toBe(revision + 1);
    expect(await code(stage.call(datasetRpc.update, owner, { id, tags: ['y'] }, { ifRevision: revision }))).toBe(
      'revision_mismatch',
    );
    expect(await code(stage.call(datasetRpc.delete, owner, { id }, { ifRevision: revision }))).toBe(
      'revision_mismatch',
    );
    expect(await code(stage.call(datasetRpc.update, stranger, { id, tags: ['y'] }, { ifRevision: revision }))).toBe(
      'not_found',
    );
    const seen = await stage.call(datasetRpc.get, owner, { id: 'revised' }, { waitForRevision: changed.revision });
    expect(seen.tags).toEqual(['x']);
    const late = { waitForRevision: changed.revision + 1 };
    const [mine, theirs] = [owner, stranger].map((caller) => code(stage.call(datasetRpc.get, caller, { id }, late)));
    expect([await mine, await theirs]).toEqual(['unavailable', 'not_found']);
  });
});

describe('versions', () => {
  it('name the files of several uploads, each under its path', async () => {
    const { id } = await stage.call(datasetRpc.create, owner, { name: 'files' });
    const uploads = [{ ...(await stage.upload('x.csv', 'x')), path: 'train/x.csv' }, await stage.upload('a.csv', 'aa')];
    const { manifest } = await stage.call(datasetRpc.addVersion, owner, { id, uploads });
    expect(manifest).toMatchObject({ fileCount: 2, sizeBytes: 3 });
    const { files } = await stage.call(datasetRpc.manifest, owner, { id: 'files', version: 'latest' });
    expect(files.map(({ path }) => path)).toEqual(['a.csv', 'train/x.csv']);
    const resolved = await stage.call(datasetRpc.resolve, owner, { ref: 'files', version: 'latest' });
    expect(resolved).toEqual({
      datasetId: id,
      datasetName: 'files',
      version: 1,
      digest: manifest.digest,
      sizeBytes: 3,
    });
  });

  it('names the upload whose content is missing, and records nothing', async () => {
    const { id } = await stage.call(datasetRpc.create, owner, { name: 'missing' });
    const ghost = { uploadId: 'upload-42', digest: '0'.repeat(64), sizeBytes: 1, filename: 'ghost.csv' };
    await expect(stage.call(datasetRpc.addVersion, owner, { id, uploads: [ghost] })).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('upload-42') as unknown,
    });
    await expect(stage.call(datasetRpc.resolve, owner, { ref: id, version: 'latest' })).rejects.toMatchObject({
      code: 'not_found',
    });
    await expect(stage.call(datasetRpc.get, owner, { id })).resolves.toMatchObject({ revision: 1, latestVersion: 0 });
  });

  it('refuses an archive that can not be unpacked', async () => {
    const { id } = await stage.call(datasetRpc.create, owner, { name: 'broken' });
    const uploads = [await stage.upload('broken.zip', 'this is no archive')];
    expect(await code(stage.call(datasetRpc.addVersion, owner, { id, uploads }))).toBe('bad_archive');
    expect(await code(stage.call(datasetRpc.addVersion, owner, { id, uploads, unpack: false }))).toBe('ok');
  });
});

describe('lists and restarts', () => {
  it('pages through what the caller may read, in the order asked for', async () => {
    const lister = person('l');
    for (const name of ['l-1', 'l-2', 'l-3'])
      await stage.call(datasetRpc.create, lister, { name, tags: name === 'l-2' ? ['even', 'all'] : ['all'] });
    const first = await stage.call(datasetRpc.list, lister, { owner: lister.userId, sort: 'name', limit: 2 });
    expect(first.items.map(({ name }) => name)).toEqual(['l-1', 'l-2']);
    const second = await stage.call(datasetRpc.list, lister, {
      owner: lister.userId,
      sort: 'name',
      limit: 2,
      cursor: first.nextCursor ?? '',
    });
    expect(second).toMatchObject({ items: [{ name: 'l-3' }], nextCursor: null });
    expect((await stage.call(datasetRpc.list, lister, { tag: 'even' })).items.map(({ name }) => name)).toEqual(['l-2']);
    expect((await stage.call(datasetRpc.list, stranger, { owner: lister.userId })).items).toEqual([]);
    expect((await stage.call(datasetRpc.list, admin, { owner: lister.userId })).items).toHaveLength(3);
    expect(await code(stage.call(datasetRpc.list, lister, { sort: 'nothing' }))).toBe('invalid_input');
  });

  it('gives the same answers after a restart, with its read store and without', async () => {
    await made('kept', { group: VISION.id });
    const answers = () =>
      Promise.all([
        stage.call(datasetRpc.list, admin, { limit: 1_000 }),
        stage.call(datasetRpc.get, owner, { id: 'kept' }),
        stage.call(datasetRpc.manifest, member, { id: 'kept', version: 1 }),
      ]);
    const before = await answers();
    await stage.restart();
    expect(await answers()).toEqual(before);
    await stage.restart({ forget: true });
    expect(await answers()).toEqual(before);
  });
});
