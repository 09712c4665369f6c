// Bad input over REST: a clear error, nothing of it taken, and the platform goes on.
import type { BatonClient } from '@baton/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, shell } from './jobs.ts';
import { inviteUser } from './people.ts';
import { startedPlatform, type TestPlatform } from './platform.ts';
import { type Answer, problem, send as sendRaw, sender, type Sent } from './rest.ts';

const UNKNOWN = 'a'.repeat(26);
const MIB = 2 ** 20;

let platform: TestPlatform;
let admin: BatonClient;
let send: (path: string, sent?: Sent) => Promise<Answer>;

beforeAll(async () => {
  ({ platform, admin } = await startedPlatform());
  send = sender(admin);
});
afterAll(() => platform.cleanUp());

const post = (path: string, body: object | string, headers: Record<string, string> = {}) =>
  send(path, { body, headers });

describe('bodies', () => {
  it.each([
    ['a text where a list is wanted', '/jobs', { command: 'ls' }, '/command'],
    ['a text where a number is wanted', '/jobs', { command: ['ls'], retries: 'two' }, '/retries'],
    ['a number below its minimum', '/jobs', { command: ['ls'], resources: { gpus: -1 } }, '/resources/gpus'],
    ['a field that is missing', '/jobs', { name: 'x' }, '/command'],
    ['an unknown field', '/jobs', { command: ['ls'], comand: [] }, '/comand'],
    ['an unknown field further in', '/jobs', { command: ['ls'], resources: { gpu: 1 } }, '/resources/gpu'],
    ['a pointer that needs escaping', '/jobs', { command: ['ls'], 'a/b~c': 1 }, '/a~1b~0c'],
    ['what is no duration', '/jobs', { command: ['ls'], timeLimit: 'soon' }, '/timeLimit'],
    ['what is no size', '/jobs', { command: ['ls'], resources: { memory: 'much' } }, '/resources/memory'],
    ['an unknown model', '/jobs', { command: ['ls'], model: 'nothing' }, '/model'],
    ['an unknown dataset', '/jobs', { command: ['ls'], datasets: [{ dataset: 'nothing' }] }, '/datasets/0/dataset'],
    ['an unknown secret', '/jobs', { command: ['ls'], secrets: ['NOTHING'] }, '/secrets/0'],
    ['an unknown node', '/jobs', { command: ['ls'], node: 'nothing' }, '/node'],
    ['a name with a slash', '/datasets', { name: 'a/b' }, '/name'],
    ['a list instead of an object', '/datasets', [], ''],
    ['an unknown field of an endpoint', '/endpoints', { name: 'e', model: 'm', replicas: 2 }, '/replicas'],
  ])('refuses %s, naming it by its pointer', async (_what, path, body, pointer) => {
    const answer = await post(`/api/v1${path}`, body);
    expect(answer).toMatchObject(problem(400, 'invalid_input'));
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    const { errors, requestId } = answer.json as { errors: { pointer: string }[]; requestId: string };
    expect(errors.map((error) => error.pointer)).toContain(pointer);
    expect(answer.headers.get('x-request-id')).toBe(requestId);
  });

  it('leaves nothing behind of what it refused', async () => {
    expect((await admin.jobs.list()).items).toEqual([]);
    expect((await admin.datasets.list()).items).toEqual([]);
  });

  it('refuses what is not JSON, other media types and bodies that are too large', async () => {
    const json = { 'content-type': 'application/json' };
    expect(await post('/api/v1/jobs', '{"command": [', json)).toMatchObject(problem(400, 'invalid_input'));
    expect(await post('/api/v1/jobs', '{"__proto__": {}}', json)).toMatchObject(problem(400, 'invalid_input'));
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect(await post('/api/v1/jobs', 'command=ls', form)).toMatchObject(problem(415, 'unsupported_media_type'));
    const large = { command: ['ls', 'x'.repeat(2 * MIB)] };
    expect(await post('/api/v1/jobs', large)).toMatchObject(problem(413, 'payload_too_large'));
  });
});

describe('paths and methods', () => {
  it.each(['dataset', 'model', 'job', 'endpoint', 'node', 'group', 'user', 'upload', 'reservation'])(
    'finds no %s by an unknown id, name or hostile path',
    async (kind) => {
      for (const id of [`${kind.slice(0, 3)}_${UNKNOWN}`, 'nothing', '%2e%2e%2fetc%2fpasswd', 'a%00b']) {
        expect(await send(`/api/v1/${kind}s/${id}`)).toMatchObject(problem(404, 'not_found'));
      }
    },
  );

  it('answers a method that a path does not take with 405 and those that it does', async () => {
    const answer = await send('/api/v1/jobs', { method: 'DELETE' });
    expect(answer).toMatchObject(problem(405, 'method_not_allowed'));
    expect(answer.headers.get('allow')).toBe('GET, HEAD, POST');
    expect(await send('/api/v1/nothing')).toMatchObject(problem(404, 'not_found'));
  });

  it('carries out PATCH and DELETE that come as POST with X-HTTP-Method-Override', async () => {
    await admin.datasets.create({ name: 'overridden' });
    const override = (method: string) => ({ 'x-http-method-override': method });
    expect((await post('/api/v1/datasets/overridden', { description: 'new' }, override('PATCH'))).status).toBe(200);
    expect((await admin.datasets.get('overridden')).description).toBe('new');
    expect((await post('/api/v1/datasets/overridden', {}, override('DELETE'))).status).toBe(200);
    expect((await send('/api/v1/datasets/overridden')).status).toBe(404);
    // Only over POST: a link must not change anything.
    const got = await send('/api/v1/jobs', { method: 'GET', headers: override('DELETE') });
    expect(got.status).toBe(200);
  });

  it('refuses cursors that it did not give out, and sorting and limits that there are not', async () => {
    for (const name of ['one', 'two', 'three']) await admin.datasets.create({ name });
    const { nextCursor } = await admin.datasets.list({ limit: 2 });
    expect(nextCursor).not.toBeNull();
    const tampered = `${String(nextCursor).slice(0, -4)}AAAA`;
    for (const cursor of [tampered, 'x', Buffer.from('{"a":1}').toString('base64url'), '%00']) {
      expect(await send(`/api/v1/datasets?limit=2&cursor=${cursor}`)).toMatchObject(problem(400, 'invalid_input'));
    }
    const otherOrder = `/api/v1/datasets?limit=2&sort=-name&cursor=${nextCursor}`;
    expect(await send(otherOrder)).toMatchObject(problem(400, 'invalid_input'));
    for (const query of ['limit=0', 'limit=1001', 'limit=many', 'sort=password', 'page=2']) {
      expect(await send(`/api/v1/datasets?${query}`)).toMatchObject(problem(400, 'invalid_input'));
    }
  });
});

describe('repeats and conditions', () => {
  it('carries a request out once for its Idempotency-Key, and refuses another with the same key', async () => {
    const key = { 'idempotency-key': 'once-and-only-once' };
    const first = await post('/api/v1/datasets', { name: 'idempotent' }, key);
    const again = await post('/api/v1/datasets', { name: 'idempotent' }, key);
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.json).toEqual(first.json);
    const other = await post('/api/v1/datasets', { name: 'other' }, key);
    expect(other).toMatchObject(problem(422, 'idempotency_key_reused'));
    expect((await send('/api/v1/datasets/other')).status).toBe(404);
    const tooLong = { 'idempotency-key': 'k'.repeat(256) };
    expect(await post('/api/v1/datasets', { name: 'other' }, tooLong)).toMatchObject(problem(400, 'invalid_input'));
  });

  it('refuses a change on the ground of an old revision, and makes it on that of the newest', async () => {
    const { revision } = await admin.datasets.create({ name: 'revised' });
    const path = '/api/v1/datasets/revised';
    const patch = (tag: string, description: string) =>
      send(path, { method: 'PATCH', body: { description }, headers: { 'if-match': tag } });
    const changed = await patch(`"${revision}"`, 'first');
    expect(changed.status).toBe(200);
    expect(await patch(`"${revision}"`, 'second')).toMatchObject(problem(412, 'revision_mismatch'));
    expect((await send(path)).headers.get('etag')).toBe(changed.headers.get('etag'));
    expect((await admin.datasets.get('revised')).description).toBe('first');
    expect(await patch('latest', 'third')).toMatchObject(problem(400, 'invalid_input'));
  });

  it('refuses a name that is taken, in whatever case', async () => {
    await admin.datasets.create({ name: 'taken' });
    expect(await post('/api/v1/datasets', { name: 'Taken' })).toMatchObject(problem(409, 'name_taken'));
  });
});

describe('credentials', () => {
  const as = (token: string, path = '/api/v1/jobs') => sendRaw(platform.url, path, { token });
  const refused = problem(401, 'unauthenticated');

  it('refuses no token, a wrong one and one in another form', async () => {
    expect(await sendRaw(platform.url, '/api/v1/jobs')).toMatchObject(refused);
    expect(await as('wrong')).toMatchObject(refused);
    expect(await as(`${admin.http.token}x`)).toMatchObject(refused);
    const basic = { authorization: `Basic ${Buffer.from('admin:admin').toString('base64')}` };
    expect(await sendRaw(platform.url, '/api/v1/jobs', { headers: basic })).toMatchObject(refused);
    expect(await sendRaw(platform.url, '/files', { method: 'POST' })).toMatchObject(refused);
  });

  it('refuses a token from the moment that it is revoked, and a session that was logged out', async () => {
    const { id, token } = await admin.tokens.create({ label: 'short-lived' });
    expect((await as(token)).status).toBe(200);
    await admin.tokens.revoke(id);
    await expect.poll(async () => (await as(token)).status).toBe(401);
    const user = await inviteUser(admin, 'leaver');
    await user.users.logOut();
    await expect.poll(async () => (await as(user.http.token ?? '')).status).toBe(401);
  });

  it('gives no hint whether it was the e-mail or the password that was wrong', async () => {
    const logIn = (email: string) => sendRaw(platform.url, '/api/v1/sessions', { body: { email, password: 'wrong' } });
    const [known, unknown] = [await logIn('admin@example.com'), await logIn('nobody@example.com')];
    expect(known).toMatchObject(refused);
    expect((known.json as { detail: string }).detail).toBe((unknown.json as { detail: string }).detail);
  });
});

describe('jobs that can never run', () => {
  it('refuses at submit what no node can hold, and says what each node lacks', async () => {
    // The node joins a moment after the platform is ready; a job for a platform without nodes may wait for one.
    await expect.poll(async () => (await admin.nodes.list()).items.length).toBe(1);
    const answer = await post('/api/v1/jobs', { command: ['ls'], resources: { gpus: 64 } });
    expect(answer).toMatchObject(problem(422, 'unsatisfiable'));
    const [node] = (await admin.nodes.list()).items;
    const { detail } = answer.json as { detail: string };
    expect(detail).toContain(node?.name);
    expect(detail).toContain('64 asked');
    const memory = await post('/api/v1/jobs', { command: ['ls'], resources: { memory: '4096TiB' } });
    expect(memory).toMatchObject(problem(422, 'unsatisfiable'));
  });

  it('refuses a command that contradicts the state of its job', async () => {
    const { id } = await run(admin, shell('exit 0'));
    expect(await post(`/api/v1/jobs/${id}/cancel`, {})).toMatchObject(problem(409, 'conflict'));
  });
});
