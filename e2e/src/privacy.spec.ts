// What belongs to one user is not there for another; secrets reach the job that names them and nothing else.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BatonClient } from '@baton/sdk';
import { scaleModel } from '@baton/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ended, run, shell } from './jobs.ts';
import { inviteUser } from './people.ts';
import { startedPlatform, type TestPlatform } from './platform.ts';
import { problem, send as sendRaw, sender } from './rest.ts';

let platform: TestPlatform;
let admin: BatonClient;
let alice: BatonClient;
let bob: BatonClient;

beforeAll(async () => {
  ({ platform, admin } = await startedPlatform());
  alice = await inviteUser(admin, 'alice');
  bob = await inviteUser(admin, 'bob');
});
afterAll(() => platform.cleanUp());

interface Belongings {
  readonly jobId: string;
  readonly uploadId: string;
  readonly tokenId: string;
}

describe('what is private', () => {
  let own: Belongings;

  beforeAll(async () => {
    await writeFile(join(platform.files, 'scale.onnx'), scaleModel(2, 3));
    const { uploadId } = await alice.upload(join(platform.files, 'scale.onnx'));
    await alice.datasets.create({ name: 'private' });
    await alice.datasets.addVersion('private', { uploads: [uploadId] });
    await alice.models.create({ name: 'private' });
    await alice.models.addVersion('private', { uploads: [uploadId] });
    await alice.endpoints.create({ name: 'private', model: 'private' });
    const job = await run(alice, shell('echo loss=1 && echo kept > $BATON_OUTPUT_DIR/kept'));
    const { id: tokenId } = await alice.tokens.create({ label: 'mine' });
    await alice.groups.create('private');
    own = { jobId: job.id, uploadId, tokenId };
  });

  it.each([
    ['dataset', '/datasets/private'],
    ['manifest of a dataset', '/datasets/private/versions/1/manifest'],
    ['file of a dataset', '/datasets/private/versions/1/files/scale.onnx'],
    ['archive of a dataset', '/datasets/private/versions/1/archive'],
    ['model', '/models/private'],
    ['file of a model', '/models/private/versions/1/files/scale.onnx'],
    ['endpoint', '/endpoints/private'],
    ['job', '/jobs/JOB'],
    ['log', '/jobs/JOB/logs'],
    ['log stream', '/jobs/JOB/logs/stream'],
    ['output as a file', '/jobs/JOB/logs/raw'],
    ['search in a log', '/jobs/JOB/logs/search?q=loss'],
    ['metrics', '/jobs/JOB/metrics'],
    ['metrics stream', '/jobs/JOB/metrics/stream'],
    ['history of a job', '/jobs/JOB/events'],
    ['stream of states', '/jobs/JOB/events/stream'],
    ['list of artifacts', '/jobs/JOB/artifacts'],
    ['artifact', '/jobs/JOB/artifacts/files/kept'],
    ['archive of artifacts', '/jobs/JOB/artifacts/archive'],
    ['upload', '/uploads/UPLOAD'],
  ])('answers a stranger who asks for the %s as if it were not there', async (_what, path) => {
    const real = `/api/v1${path.replace('JOB', own.jobId).replace('UPLOAD', own.uploadId)}`;
    const owner = await fetch(`${platform.url}${real}`, { headers: { authorization: `Bearer ${alice.http.token}` } });
    await owner.body?.cancel();
    expect(owner.status).toBe(200);
    const stranger = await sender(bob)(real);
    expect(stranger).toMatchObject(problem(404, 'not_found'));
    expect(stranger.text).not.toContain('forbidden');
  });

  it.each([
    ['PATCH', '/datasets/private', { description: 'mine' }],
    ['DELETE', '/datasets/private', undefined],
    ['POST', '/datasets/private/versions', { uploads: ['f'.repeat(32)] }],
    ['PATCH', '/models/private', { description: 'mine' }],
    ['DELETE', '/models/private', undefined],
    ['PATCH', '/endpoints/private', { version: 1 }],
    ['DELETE', '/endpoints/private', undefined],
    ['POST', '/jobs/JOB/cancel', {}],
    ['POST', '/jobs/JOB/rerun', {}],
    ['DELETE', '/tokens/TOKEN', undefined],
  ] as const)('lets a stranger change nothing by %s %s', async (method, path, body) => {
    const real = `/api/v1${path.replace('JOB', own.jobId).replace('TOKEN', own.tokenId)}`;
    const answer = await sender(bob)(real, { method, ...(body === undefined ? {} : { body }) });
    expect(answer).toMatchObject(problem(404, 'not_found'));
  });

  it('leaves it out of the lists of strangers, and in those of its owner and of admins', async () => {
    const names = async (client: BatonClient) => ({
      datasets: (await client.datasets.list()).items.map(({ name }) => name),
      models: (await client.models.list()).items.map(({ name }) => name),
      endpoints: (await client.endpoints.list()).items.map(({ name }) => name),
      jobs: (await client.jobs.list()).items.map(({ id }) => id),
      tokens: (await client.tokens.list()).items.map(({ label }) => label).filter((label) => label === 'mine'),
      groups: (await client.groups.list()).items.map(({ name }) => name),
    });
    const one = ['private'];
    const whole = { datasets: one, models: one, endpoints: one, jobs: [own.jobId], groups: one };
    expect(await names(alice)).toMatchObject({ ...whole, tokens: ['mine'] });
    expect(await names(admin)).toMatchObject(whole);
    expect(await names(bob)).toEqual({ datasets: [], models: [], endpoints: [], jobs: [], tokens: [], groups: [] });
  });

  it('infers for nobody but its owner', async () => {
    const body = { inputs: [{ name: 'x', shape: [1, 3], datatype: 'FP32', data: [1, 2, 3] }] };
    const infer = (client: BatonClient) =>
      sendRaw(platform.servingUrl, '/v2/models/private/infer', { token: client.http.token, body });
    expect((await infer(alice)).status).toBe(200);
    expect((await infer(bob)).status).toBe(404);
  });

  it("runs no stranger's job on it", async () => {
    const submit = (spec: object) => sender(bob)('/api/v1/jobs', { body: { command: ['ls'], ...spec } });
    const refused = problem(400, 'invalid_input');
    expect(await submit({ datasets: [{ dataset: 'private' }] })).toMatchObject(refused);
    expect(await submit({ model: 'private' })).toMatchObject(refused);
    expect(await submit({ outputs: { model: 'private' } })).toMatchObject(refused);
  });

  it('is seen by a group as soon as it is shared with it, and by nobody else', async () => {
    await alice.groups.addMember('private', (await bob.users.me()).id);
    const { id: group } = await alice.groups.get('private');
    await alice.datasets.update('private', { visibility: 'group', group });
    expect((await bob.datasets.get('private')).name).toBe('private');
    const stranger = await inviteUser(admin, 'carol');
    expect((await sender(stranger)('/api/v1/datasets/private')).status).toBe(404);
    // What they can see but not change is forbidden, not missing.
    const change = await sender(bob)('/api/v1/datasets/private', { method: 'PATCH', body: { description: 'mine' } });
    expect(change).toMatchObject(problem(403, 'forbidden'));
  });
});

describe('secrets', () => {
  const SECRET = 'not-for-anybodys-eyes-7f3a9c';

  it('reach the job that names them as its environment, and its log only as asterisks', async () => {
    await alice.secrets.set('API_KEY', SECRET);
    // In one piece, and cut in two by a pause.
    const line = `echo "key=$API_KEY." && printf '%s' "\${API_KEY%7f3a9c}" && sleep 0.3 && echo 7f3a9c && test "$API_KEY" = ${splitInShell(SECRET)}`;
    const { id } = await alice.jobs.submit(shell(line, { secrets: ['API_KEY'] }));
    const live: string[] = [];
    for await (const { data } of alice.jobs.followLogs(id)) live.push((data as { text: string }).text);
    const job = await ended(alice, id);
    expect(job.state).toBe('succeeded');
    const stars = '*'.repeat(SECRET.length);
    expect(live.join('')).toBe(`key=${stars}.\n${stars}\n`);
    expect(await alice.jobs.logs(id)).toBe(`key=${stars}.\n${stars}\n`);
    expect(job.attempts[0]?.result?.lastLines.join('\n')).not.toContain(SECRET);
  });

  it("are not in the environment of jobs that do not name them, nor for other people's", async () => {
    const job = await run(alice, shell('test -z "$API_KEY"'));
    expect(job.state).toBe('succeeded');
    const refused = await sender(bob)('/api/v1/jobs', { body: { command: ['ls'], secrets: ['API_KEY'] } });
    expect(refused).toMatchObject(problem(400, 'invalid_input', { errors: [{ pointer: '/secrets/0' }] }));
  });

  it('stand in no answer', async () => {
    const paths = ['/secrets', '/jobs', '/users', '/users/me', '/tokens', '/nodes'];
    const jobs = (await alice.jobs.list()).items.flatMap(({ id }) => [
      `/jobs/${id}`,
      `/jobs/${id}/events`,
      `/jobs/${id}/logs`,
      `/jobs/${id}/metrics`,
    ]);
    for (const path of [...paths, ...jobs]) {
      for (const client of [alice, admin]) {
        const { status, text } = await sender(client)(`/api/v1${path}`);
        expect([path, status]).toEqual([path, 200]);
        expect(text).not.toContain(SECRET);
      }
    }
    const listed = (await alice.secrets.list()).items.map(({ name }) => name);
    expect(listed).toEqual(['API_KEY']);
  });

  it('stand in clear text in no log, no stream, no read model and nowhere else in the state folder', async () => {
    // The agent keeps them beside the attempt until the scheduler has its end in the log.
    await expect.poll(() => readdirSync(join(platform.home, 'agent', 'attempts'))).toEqual([]);
    expect(filesWith(SECRET)).toEqual([]);
    // The search does find what is there.
    expect(filesWith((await alice.users.me()).id).length).toBeGreaterThan(0);
  });

  it('nor do passwords and tokens, or personal data', async () => {
    expect(filesWith('password of alice')).toEqual([]);
    expect(filesWith(String(alice.http.token))).toEqual([]);
    const nats = filesWith('alice@example.com').filter((path) => path.includes('/nats/'));
    expect(nats).toEqual([]);
  });

  it('are kept in files that nobody else can read', () => {
    const folder = join(platform.home, 'secrets');
    const modes = execFileSync('stat', ['-c', '%a', folder, ...readdirSync(folder).map((name) => join(folder, name))]);
    expect(new Set(modes.toString().trim().split('\n'))).toEqual(new Set(['700', '600']));
    expect(readFileSync(join(folder, 'installation'), 'utf8').trim().length).toBeGreaterThan(40);
  });

  /** Written so that the specification itself does not hold it. */
  function splitInShell(text: string): string {
    return text
      .split('')
      .map((character) => `${character}""`)
      .join('');
  }

  function filesWith(text: string): string[] {
    try {
      const found = execFileSync('grep', ['-rlaF', '--', text, platform.home]).toString();
      return found.trim().split('\n');
    } catch (error) {
      if ((error as { status?: number }).status === 1) return [];
      throw error;
    }
  }
});
