// Weights of finished jobs become versions of models: exactly once, through restarts and rebuilds.
import { storeManifest } from '@baton/archive';
import { openStage, person, type Stage } from '@baton/catalogue/testing';
import { type ManifestSummary, modelRpc, type ModelView, type Principal } from '@baton/contracts';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelService } from './definition.ts';
import { CODE, DATASET, type JobLog, type JobWanted, NODE, openJobLog, registerUser } from './testing/job-log.ts';

const owner = person('a');
const stranger = person('c');
const admin = person('d', { role: 'admin' });

let stage: Stage;
let jobs: JobLog;
beforeAll(async () => {
  stage = await openStage(modelService);
  jobs = await openJobLog(await stage.connect('scheduler'));
});
afterAll(() => stage?.close());

/** What the beginnings of weights files look like: an ONNX model's version and producer, a zip, a pickle, a header's length. */
const BEGINNINGS: Record<string, string> = {
  onnx: '\x08\x08\x12\x10',
  pt: 'PK\x03\x04',
  keras: 'PK\x03\x04',
  joblib: '\x80\x04',
  safetensors: '\x02\0\0\0\0\0\0\0{}',
};

/** Other bytes each time. */
function contentOf(path: string): Buffer {
  const beginning = BEGINNINGS[path.split('.').at(-1) ?? ''] ?? '';
  return Buffer.from(beginning + Math.random().toFixed(14), 'latin1');
}

async function artifacts(...paths: string[]): Promise<ManifestSummary> {
  const files = await Promise.all(paths.map(async (path) => ({ path, ...(await stage.blobs.put(contentOf(path))) })));
  return (await storeManifest(stage.blobs, files)).summary;
}

async function textNamed(path: string) {
  return { path, ...(await stage.blobs.put(Buffer.from('weights'))) };
}

async function finish(wanted: JobWanted): Promise<string> {
  const jobId = await jobs.submit(wanted);
  await jobs.succeed(jobId, wanted);
  return jobId;
}

/** The model once it has that many versions. */
async function versionsOf(name: string, count: number): Promise<ModelView> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const { items } = await stage.call(modelRpc.list, admin, { name });
    if ((items[0]?.latestVersion ?? 0) >= count) return stage.call(modelRpc.get, admin, { id: name });
    if (Date.now() > deadline) throw new Error(`${name} has no version ${count}`);
    await delay(10);
  }
}

/** Jobs are gone through in order: when this one's weights are there, those before it have been dealt with. */
async function settle(): Promise<void> {
  const name = `settled-${Math.random().toString(36).slice(2)}`;
  await finish({ owner: admin, model: name, artifacts: await artifacts('m.onnx') });
  await versionsOf(name, 1);
}
const everything = async () => {
  const { items } = await stage.call(modelRpc.list, admin, { limit: 1_000, sort: 'name' });
  return Promise.all(items.map(({ id }) => stage.call(modelRpc.get, admin, { id })));
};

describe('the weights of a finished job', () => {
  it('become a model of its owner, with lineage, holding the weights files alone', async () => {
    const weights = ['a.joblib', 'a.keras', 'a.safetensors', 'out/model.onnx', 'out/model.onnx.data', 'out/model.pt'];
    const left = await artifacts(...weights, 'log.txt');
    const group = `grp_${'g'.repeat(26)}`;
    const ownership = { groupId: group, visibility: 'group' } as const;
    const jobId = await finish({ owner, model: 'digits', artifacts: left, accuracy: 0.97, ownership });
    const model = await versionsOf('digits', 1);
    expect(model).toMatchObject({ ownerId: owner.userId, ...ownership });
    const lineage = { jobId, attempt: 1, nodeId: NODE, code: CODE, datasets: [DATASET], metrics: { accuracy: 0.97 } };
    expect(model.versions).toMatchObject([
      { version: 1, kind: 'weights', trained: true, lineage, uploads: [], createdBy: 'system:model' },
    ]);
    const { files } = await stage.call(modelRpc.manifest, owner, { id: 'digits', version: 1 });
    expect(files.map(({ path }) => path)).toEqual(weights);
  });

  it('become the next version of a model that is there, whatever the case of its name', async () => {
    await stage.call(modelRpc.create, owner, { name: 'Existing', description: 'mine' });
    await finish({ owner, model: 'existing', artifacts: await artifacts('a.onnx') });
    await finish({ owner, model: 'Existing', artifacts: await artifacts('b.onnx') });
    const model = await versionsOf('Existing', 2);
    expect(model).toMatchObject({ description: 'mine', visibility: 'private' });
  });

  it("are not registered under somebody else's model, except an admin's", async () => {
    await stage.call(modelRpc.create, owner, { name: 'guarded', visibility: 'everyone' });
    await registerUser(await stage.connect('user'), admin);
    await finish({ owner: stranger, model: 'guarded', artifacts: await artifacts('a.onnx') });
    const allowed = await finish({ owner: admin, model: 'guarded', artifacts: await artifacts('b.onnx') });
    await settle();
    const { versions } = await versionsOf('guarded', 1);
    expect(versions.map(({ lineage }) => lineage?.jobId)).toEqual([allowed]);
  });

  it('are nothing where there are none, and nothing of a job that failed', async () => {
    await finish({ owner, model: 'nothing-left', artifacts: null });
    await finish({ owner, model: 'no-weights', artifacts: await artifacts('log.txt') });
    await finish({
      owner,
      model: 'only-named-so',
      artifacts: (await storeManifest(stage.blobs, [await textNamed('a.onnx')])).summary,
    });
    await finish({ owner, model: null, artifacts: await artifacts('a.onnx') });
    const failed: JobWanted = { owner, model: 'failed', artifacts: await artifacts('a.onnx') };
    await jobs.fail(await jobs.submit(failed), failed);
    const missing = { digest: '0'.repeat(64), fileCount: 1, sizeBytes: 1 };
    await finish({ owner, model: 'lost-artifacts', artifacts: missing });
    await settle();
    const names = (await everything()).map(({ name }) => name);
    expect(
      names.filter((name) =>
        ['nothing-left', 'no-weights', 'only-named-so', 'failed', 'lost-artifacts'].includes(name),
      ),
    ).toEqual([]);
  });
});

describe('restarts', () => {
  const wantedFor = async (name: string, by: Principal = owner): Promise<JobWanted> => ({
    owner: by,
    model: name,
    artifacts: await artifacts('m.onnx'),
  });

  it('register a job that began before and ended after, and one that ended meanwhile', async () => {
    const across = await wantedFor('across');
    const meanwhile = await wantedFor('meanwhile');
    const [acrossId, meanwhileId] = [await jobs.submit(across), await jobs.submit(meanwhile)];
    await settle();
    await stage.restart({ meanwhile: () => jobs.succeed(meanwhileId, meanwhile) });
    await jobs.succeed(acrossId, across);
    expect((await versionsOf('across', 1)).versions).toHaveLength(1);
    expect((await versionsOf('meanwhile', 1)).versions).toHaveLength(1);
  });

  it('change nothing that is there, with the read store and without', async () => {
    await finish(await wantedFor('twice'));
    await finish(await wantedFor('twice'));
    await versionsOf('twice', 2);
    const before = await everything();
    await stage.restart();
    expect(await everything()).toEqual(before);
    await stage.restart({ forget: true });
    await settle();
    expect((await everything()).filter(({ name }) => !name.startsWith('settled'))).toEqual(
      before.filter(({ name }) => !name.startsWith('settled')),
    );
  });

  it('do not bring back a model that was deleted, nor add old weights to a new one of its name', async () => {
    await finish(await wantedFor('deleted'));
    await versionsOf('deleted', 1);
    await stage.call(modelRpc.delete, owner, { id: 'deleted' });
    await finish(await wantedFor('replaced'));
    await versionsOf('replaced', 1);
    await stage.call(modelRpc.delete, owner, { id: 'replaced' });
    await stage.call(modelRpc.create, owner, { name: 'replaced' });
    await stage.restart({ forget: true });
    await settle();
    const found = (await everything()).filter(({ name }) => name === 'deleted' || name === 'replaced');
    expect(found).toMatchObject([{ name: 'replaced', latestVersion: 0 }]);
  });
});
