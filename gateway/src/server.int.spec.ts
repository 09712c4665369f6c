// What holds for every route: problem documents, methods, media types, sizes, override, conditions, idempotency.
import { datasetRpc, schedulerRpc, userRpc } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALICE, type GatewayFixture, json, startFixture } from './testing/fixture.ts';
import { problem } from './testing/problem.ts';

let fixture: GatewayFixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.stop());

const DATASET = 'dst_aaaaaaaaaaaaaaaaaaaaaaaaaa';
const changed = { id: DATASET, revision: 3 };

describe('refusals', () => {
  it('answers an unknown route with a 404 problem', async () => {
    const response = await fixture.fetch('/api/v1/nothing');
    expect(response.status).toBe(404);
    expect(await problem(response)).toMatchObject({
      code: 'not_found',
      status: 404,
      requestId: response.headers.get('x-request-id'),
    });
  });
  it('answers a wrong verb with 405 and the allowed ones', async () => {
    const response = await fixture.fetch('/api/v1/jobs/some-job', { method: 'PUT' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
    expect(await problem(response)).toMatchObject({ code: 'method_not_allowed' });
  });
  it('refuses malformed JSON', async () => {
    const response = await fixture.fetch('/api/v1/datasets', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"name":',
    });
    expect(response.status).toBe(400);
    expect(await problem(response)).toMatchObject({ code: 'invalid_input' });
  });
  it('refuses a body larger than 1 MiB', async () => {
    const response = await fixture.fetch('/api/v1/datasets', json('POST', { name: 'x'.repeat(1_100_000) }));
    expect(response.status).toBe(413);
    expect(await problem(response)).toMatchObject({ code: 'payload_too_large' });
  });
  it('refuses another media type, also one that a foreign form could send', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml']) {
      const response = await fixture.fetch('/api/v1/datasets', {
        method: 'POST',
        headers: { 'content-type': type },
        body: 'name=x',
      });
      expect(response.status).toBe(415);
      expect(await problem(response)).toMatchObject({ code: 'unsupported_media_type' });
    }
  });
  it('names each wrong and unknown field by its pointer', async () => {
    const response = await fixture.fetch(
      '/api/v1/jobs',
      json('POST', { command: 'ls', comand: ['ls'], resources: { gpu: 1 } }),
    );
    expect(response.status).toBe(400);
    const pointers = (await problem(response)).errors?.map(({ pointer }) => pointer);
    expect(pointers).toEqual(expect.arrayContaining(['/command', '/comand', '/resources/gpu']));
  });
  it('names what is missing where there is no body at all', async () => {
    const response = await fixture.fetch('/api/v1/datasets', { method: 'POST' });
    expect((await problem(response)).errors).toEqual([{ pointer: '/name', detail: 'is required' }]);
  });
  it('refuses unknown and mistyped query parameters', async () => {
    const response = await fixture.fetch('/api/v1/jobs?limit=many&nope=1');
    expect((await problem(response)).errors?.map(({ pointer }) => pointer).toSorted()).toEqual(['/limit', '/nope']);
  });
  it('hides what went wrong inside', async () => {
    fixture.answer(schedulerRpc.listJobs, () => {
      throw new Error('secret stack');
    });
    const response = await fixture.fetch('/api/v1/jobs');
    expect(response.status).toBe(500);
    expect(JSON.stringify(await problem(response))).not.toContain('secret');
  });
  it('says when to try again where a service does not answer', async () => {
    const response = await fixture.fetch('/api/v1/nodes');
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await problem(response)).toMatchObject({ code: 'unavailable' });
  });
  it('passes rate limits on with when to try again', async () => {
    fixture.answer(userRpc.logIn, () => {
      throw new PlatformError('rate_limited', 'Too many attempts.', { retryAfterMs: 2_500 });
    });
    const response = await fixture.fetch('/api/v1/sessions', {
      ...json('POST', { email: 'a@b', password: 'wrong' }),
      token: null,
    });
    expect([response.status, response.headers.get('retry-after'), response.headers.get('ratelimit')]).toEqual([
      429,
      '3',
      '"default";r=0;t=3',
    ]);
  });
});

describe('conditions', () => {
  it('answers a create with 201, Location and the revision as ETag', async () => {
    fixture.answer(datasetRpc.create, () => changed);
    const response = await fixture.fetch('/api/v1/datasets', json('POST', { name: 'd' }));
    expect([response.status, response.headers.get('location'), response.headers.get('etag')]).toEqual([
      201,
      `/api/v1/datasets/${DATASET}`,
      '"3"',
    ]);
    expect(await response.json()).toEqual(changed);
  });
  it('hands the key, the revision seen and the revision waited for to the service', async () => {
    const seen: unknown[] = [];
    fixture.answer(datasetRpc.update, ({ meta, body, principal }) => {
      seen.push(meta.idempotencyKey, meta.ifRevision, body, principal.userId);
      return changed;
    });
    await fixture.fetch(
      '/api/v1/datasets/d',
      json('PATCH', { description: 'new' }, { 'idempotency-key': 'k1', 'if-match': '"2"' }),
    );
    expect(seen).toEqual(['k1', 2, { id: 'd', description: 'new' }, ALICE]);
    fixture.answer(schedulerRpc.getJob, ({ meta }) => {
      throw new PlatformError('not_found', `waited for ${meta.waitForRevision}`);
    });
    expect(await problem(await fixture.fetch('/api/v1/jobs/j?waitForRevision=7'))).toMatchObject({
      detail: 'waited for 7',
    });
  });
  it('refuses a malformed If-Match and an empty or overlong key', async () => {
    for (const headers of [{ 'if-match': '2' }, { 'idempotency-key': '' }, { 'idempotency-key': 'k'.repeat(256) }]) {
      expect((await fixture.fetch('/api/v1/datasets/d', json('PATCH', {}, headers as never))).status).toBe(400);
    }
  });
  it('passes a mismatch on as 412', async () => {
    fixture.answer(datasetRpc.update, () => {
      throw new PlatformError('revision_mismatch', 'It has changed.');
    });
    expect((await fixture.fetch('/api/v1/datasets/d', json('PATCH', {}, { 'if-match': '"1"' }))).status).toBe(412);
  });
  it('refuses the same key while its request is under way, and only for the same user', async () => {
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    fixture.answer(datasetRpc.create, async () => {
      begun.resolve();
      await gate.promise;
      return changed;
    });
    const send = (token: string) =>
      fixture.fetch('/api/v1/datasets', { ...json('POST', { name: 'd' }, { 'idempotency-key': 'same' }), token });
    const first = send('alice');
    await begun.promise;
    const second = await send('alice');
    expect([second.status, (await problem(second)).code]).toEqual([409, 'request_in_flight']);
    const foreign = send('bob');
    gate.resolve();
    expect((await foreign).status).toBe(201);
    expect((await first).status).toBe(201);
    expect((await send('alice')).status).toBe(201);
  });
});

describe('the method override', () => {
  const called: string[] = [];
  beforeAll(() => {
    fixture.answer(datasetRpc.delete, () => (called.push('delete'), changed));
    fixture.answer(datasetRpc.update, () => (called.push('update'), changed));
  });
  it('makes a POST what it names', async () => {
    called.length = 0;
    expect(
      (await fixture.fetch('/api/v1/datasets/d', { method: 'POST', headers: { 'x-http-method-override': 'DELETE' } }))
        .status,
    ).toBe(200);
    expect(
      (
        await fixture.fetch(
          '/api/v1/datasets/d',
          json('POST', { description: 'x' }, { 'x-http-method-override': 'patch' }),
        )
      ).status,
    ).toBe(200);
    expect(called).toEqual(['delete', 'update']);
  });
  it('leaves other methods and unknown names alone', async () => {
    called.length = 0;
    fixture.answer(datasetRpc.get, () => {
      throw new PlatformError('not_found', 'read');
    });
    expect(
      (await fixture.fetch('/api/v1/datasets/d', { headers: { 'x-http-method-override': 'DELETE' } })).status,
    ).toBe(404);
    expect(
      (await fixture.fetch('/api/v1/datasets/d', { method: 'POST', headers: { 'x-http-method-override': 'GET' } }))
        .status,
    ).toBe(405);
    expect(called).toEqual([]);
  });
});

describe('the platform routes', () => {
  it('describes every operation in OpenAPI 3.1', async () => {
    const document = (await (await fixture.fetch('/openapi.json', { token: null })).json()) as {
      openapi: string;
      paths: Record<string, Record<string, { operationId: string }>>;
    };
    expect(document.openapi).toBe('3.1.0');
    const ids = Object.values(document.paths).flatMap((item) =>
      Object.values(item).map(({ operationId }) => operationId),
    );
    expect(ids).toEqual(
      expect.arrayContaining([
        'signUp',
        'createDataset',
        'addModelVersion',
        'submitJob',
        'streamJobLogs',
        'createEndpoint',
      ]),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });
  it('shows them on a page without scripts', async () => {
    const response = await fixture.fetch('/docs', { token: null });
    const html = await response.text();
    expect(html).toContain('/api/v1/jobs');
    expect(html).not.toContain('<script');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  });
  it('is alive, and ready only when the services answer', async () => {
    expect((await fixture.fetch('/livez', { token: null })).status).toBe(200);
    expect((await fixture.fetch('/readyz', { token: null })).status).toBe(503);
    fixture.answer(userRpc.listUsers, () => ({ items: [], nextCursor: null }));
    fixture.answer(schedulerRpc.listNodes, () => ({ items: [], nextCursor: null }));
    await fixture.services.connection.flush();
    expect((await fixture.fetch('/readyz', { token: null })).status).toBe(200);
  });
  it('counts requests by route, without ids', async () => {
    const text = await (await fixture.fetch('/metrics', { token: null })).text();
    expect(text).toContain('route="/api/v1/datasets/:id"');
    expect(text).not.toContain(DATASET);
  });
});
