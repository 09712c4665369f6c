// The main job with every service as a process of its own, with its own credentials, on SQLite and on a MongoDB-wire server.
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BatonClient } from '@baton/sdk';
import {
  DISTRIBUTED_PARTS,
  distributedPlatform,
  type DistributedPlatform,
  type MongoServer,
  startMongoServer,
  temporaryFolder,
  type TemporaryFolder,
} from '@baton/testkit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { counting, expectWhole } from './counting-jobs.ts';
import { servedAccuracy } from './digits.ts';
import { ended, shell, untilReleased, untilState } from './jobs.ts';
import { epochsIn, registerCode, trainingSpec, uploadDigits, weightsOf } from './main-job.ts';
import { signUpAdmin } from './people.ts';
import { trainingPython } from './python.ts';

const python = trainingPython();
const mongo = await startMongoServer();
if (mongo === null) process.stderr.write('NO MONGODB: the distributed form runs on SQLite alone.\n');

afterAll(() => mongo?.stop());

describe('on SQLite', () => {
  mainJob(null);
});
describe.skipIf(mongo === null)('on a MongoDB-wire server', () => {
  mainJob(mongo);
});

function mainJob(server: MongoServer | null): void {
  let folder: TemporaryFolder;
  let files: TemporaryFolder;
  let platform: DistributedPlatform;
  let client: BatonClient;

  beforeAll(async () => {
    folder = await temporaryFolder('baton-e2e-distributed-');
    files = await temporaryFolder('baton-e2e-files-');
    platform = await distributedPlatform({
      folder: folder.path,
      env: { BATON_CPU_SLOTS: '1' },
      ...(server === null ? {} : { mongoUri: server.uri }),
    });
    await platform.start();
  });
  afterAll(async () => {
    await platform.destroy();
    await Promise.all([folder.cleanup(), files.cleanup()]);
  });

  it('starts each service alone, and each says by itself that it is ready', async () => {
    const pids = DISTRIBUTED_PARTS.map((part) => platform.pid(part));
    expect(new Set(pids).size).toBe(DISTRIBUTED_PARTS.length);
    const listening = DISTRIBUTED_PARTS.filter((part) => part !== 'agent');
    const answers = listening.map(async (part) => (await fetch(platform.readinessUrl(part) ?? '')).status);
    expect(await Promise.all(answers)).toEqual(listening.map(() => 200));
  });

  it('goes from a cut upload to an endpoint as accurate as the training reported', async () => {
    client = await signUpAdmin(platform);
    const digits = await uploadDigits(client, python, files.path);
    expect(digits.cutAtBytes).toBeLessThan(digits.sizeBytes);
    expect(digits.storedDigest).toBe(digits.sha256);
    await registerCode(client);
    const submitted = [
      await client.jobs.submit(trainingSpec(python, { name: 'first', epochs: 4 })),
      await client.jobs.submit(trainingSpec(python, { name: 'second', epochs: 6 })),
    ];
    const [first, second] = await Promise.all(submitted.map(({ id }) => ended(client, id)));
    if (!first || !second) throw new Error('a job is missing');
    expect([first.state, second.state]).toEqual(['succeeded', 'succeeded']);
    expect(second.attempts[0]?.startedAt).toBeGreaterThanOrEqual(first.attempts[0]?.endedAt ?? 0);
    expect(epochsIn(await client.jobs.logs(second.id))).toEqual([1, 2, 3, 4, 5, 6]);
    const artifact = await client.jobs.artifact(second.id, 'digits.onnx');
    const { files: kept } = await client.jobs.artifacts(second.id);
    expect(
      createHash('sha256')
        .update(Buffer.from(await artifact.arrayBuffer()))
        .digest('hex'),
    ).toBe(kept[0]?.digest);

    const { version, lineage } = await weightsOf(client, second.id);
    expect(lineage).toMatchObject({ jobId: second.id, attempt: 1, code: { version: 1 }, datasets: [{ version: 1 }] });
    await client.endpoints.create({ name: 'digits', model: 'digits', version });
    const where = { url: platform.servingUrl, token: client.http.token, endpoint: 'digits' };
    expect((await servedAccuracy(where, digits.csv)).toFixed(4)).toBe(lineage.metrics['accuracy']?.toFixed(4));
  });

  it('disturbs no job when scheduler, agent, model service and gateway are killed under it', async () => {
    const release = join(files.path, 'release');
    const spec = trainingSpec(python, { name: 'survivor', epochs: 5 });
    const { id, revision } = await client.jobs.submit({ ...spec, ...untilReleased(spec.command, release) });
    await client.jobs.get(id, { waitForRevision: revision });
    const metrics = client.jobs.followMetrics(id);
    await metrics.next();
    await metrics.return(undefined);
    const killed = ['scheduler', 'agent', 'model', 'gateway'] as const;
    await Promise.all(killed.map((part) => platform.kill(part)));
    await Promise.all(killed.map((part) => platform.startPart(part)));
    await writeFile(release, '');
    expect(await ended(client, id)).toMatchObject({
      state: 'succeeded',
      attempts: [{ attempt: 1 }],
      counters: { userFailures: 0, infrastructureLosses: 0 },
    });
    expect(epochsIn(await client.jobs.logs(id))).toEqual([1, 2, 3, 4, 5]);
    await weightsOf(client, id);
  });

  it.each(DISTRIBUTED_PARTS)(
    'disturbs no job when %s alone is killed under it, and carries out every command that comes meanwhile, once',
    async (part) => {
      const patient = new BatonClient({ url: platform.url, token: client.http.token ?? '', retryForMs: 200_000 });
      const release = join(files.path, `release-${part}`);
      const { id } = await client.jobs.submit(counting(release));
      await untilState(client, id, 'running');
      const names = ['before', 'during', 'after'].map((when) => `${part}-${when}`);
      const [before = '', during = '', after = ''] = names;
      await commandEach(patient, before);
      await platform.kill(part);
      const early = commandEach(patient, during);
      await platform.startPart(part);
      await early;
      await commandEach(patient, after);
      await writeFile(release, '');
      await expectWhole(client, await ended(client, id));
      await expectOnce(client, names);
    },
  );

  it('stops each service in order, with code 0', async () => {
    const codes = await platform.stop();
    expect(codes).toEqual(Object.fromEntries(DISTRIBUTED_PARTS.map((part) => [part, 0])));
  });
}

/** A command of each service that keeps something in the log. */
async function commandEach(client: BatonClient, name: string): Promise<void> {
  await Promise.all([
    client.groups.create(name),
    client.datasets.create({ name }),
    client.models.create({ name }),
    client.jobs.submit(shell('exit 0', { name })),
    client.endpoints.create({ name, model: 'digits' }),
  ]);
}

/** What the commands have made is there, and there is one of each. The endpoints are removed again, since each takes memory. */
async function expectOnce(client: BatonClient, names: readonly string[]): Promise<void> {
  await vi.waitFor(
    async () => {
      const lists = [client.groups, client.datasets, client.models, client.jobs, client.endpoints] as const;
      for (const list of lists) {
        const { items } = await list.list();
        const found = items.map(({ name }) => name).filter((name) => names.includes(name));
        expect(found.toSorted()).toEqual(names.toSorted());
      }
    },
    { timeout: 60_000 },
  );
  const jobs = (await client.jobs.list()).items.filter(({ name }) => names.includes(name));
  for (const { id } of jobs) expect(await ended(client, id)).toMatchObject({ state: 'succeeded' });
  for (const name of names) await client.endpoints.delete(name);
}
