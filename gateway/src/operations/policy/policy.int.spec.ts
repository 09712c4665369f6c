// The policy over REST: read with its ETag, replaced under If-Match, tried out, and its history.
import { DEFAULT_POLICY, POLICY_ID, policyRpc } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALICE, type GatewayFixture, json, startFixture } from '../../testing/fixture.ts';
import { problem } from '../../testing/problem.ts';

const URL_PATH = '/api/v1/policy';
const view = {
  id: POLICY_ID,
  revision: 3,
  version: 3,
  at: 5,
  by: ALICE,
  comment: null,
  policy: { order: 'fifo' as const },
};

let fixture: GatewayFixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.stop());

describe('the policy', () => {
  it('is read with its ETag by whoever is logged in, also an earlier version', async () => {
    const asked: unknown[] = [];
    fixture.answer(policyRpc.get, ({ body }) => {
      asked.push(body);
      return view;
    });
    const response = await fixture.fetch(URL_PATH, { token: 'bob' });
    expect([response.status, response.headers.get('etag')]).toEqual([200, '"3"']);
    expect(await response.json()).toEqual(view);
    expect((await fixture.fetch(URL_PATH, { headers: { 'if-none-match': '"3"' } })).status).toBe(304);
    await fixture.fetch(`${URL_PATH}?version=2`);
    expect(asked.at(-1)).toEqual({ version: 2 });
  });

  it('is not told to strangers and to jobs, nor as a version that is no number', async () => {
    expect((await fixture.fetch(URL_PATH, { token: null })).status).toBe(401);
    expect((await fixture.fetch(URL_PATH, { token: 'job' })).status).toBe(403);
    expect(await problem(await fixture.fetch(`${URL_PATH}?version=new`))).toMatchObject({ code: 'invalid_input' });
  });

  it('is replaced by the body, with the revision that was seen, the key and the comment', async () => {
    fixture.answer(policyRpc.apply, ({ meta, body, principal }) => {
      expect(principal.userId).toBe(ALICE);
      expect(meta).toMatchObject({ ifRevision: 3, idempotencyKey: 'once' });
      expect(body).toEqual({ policy: { order: 'las' }, comment: 'why' });
      return { id: POLICY_ID, revision: 4, version: 4, changed: true, warnings: [{ pointer: '/quotas', detail: 'x' }] };
    });
    const headers = { 'if-match': '"3"', 'idempotency-key': 'once' };
    const response = await fixture.fetch(`${URL_PATH}?comment=why`, json('PUT', { order: 'las' }, headers));
    expect([response.status, response.headers.get('etag')]).toEqual([200, '"4"']);
    expect(await response.json()).toMatchObject({ version: 4, warnings: [{ pointer: '/quotas' }] });
  });

  it('is not replaced when it has changed since it was read, nor by a user', async () => {
    for (const [code, status] of [
      ['revision_mismatch', 412],
      ['forbidden', 403],
    ] as const) {
      fixture.answer(policyRpc.apply, () => {
        throw new PlatformError(code, 'No.');
      });
      expect(await problem(await fixture.fetch(URL_PATH, json('PUT', {})))).toMatchObject({ code, status });
    }
  });

  it.each([
    [{ ordr: 'fifo' }, '/ordr'],
    [{ order: 'random' }, '/order'],
    [{ classes: [] }, '/classes'],
    [{ classes: [{ name: 'a b', priority: 0 }] }, '/classes/0/name'],
    [{ classes: [{ name: 'a', priority: 0, preempt: true }] }, '/classes/0/preempt'],
    [{ classes: [{ name: 'a' }] }, '/classes/0/priority'],
    [{ fairShare: { users: { 'ada@example.com': 0 } } }, '/fairShare/users/ada@example.com'],
    [{ quotas: [{ user: 'a', hardGpus: -1 }] }, '/quotas/0/hardGpus'],
    [{ quotas: [{ each: 'node' }] }, '/quotas/0/each'],
    [{ backfill: { defaultTimeLimitMs: 1 } }, '/backfill/defaultTimeLimitMs'],
    [{ handOff: { on: true } }, '/handOff/on'],
    [{ preemption: { minRunMs: 1 } }, '/preemption/minRunMs'],
    [{ promoteAfter: -1 }, '/promoteAfter'],
  ])('is refused as %j, and where', async (document, pointer) => {
    for (const [method, path] of [
      ['PUT', URL_PATH],
      ['POST', `${URL_PATH}/check`],
    ] as const) {
      const answer = (await problem(await fixture.fetch(path, json(method, document)))) as unknown as {
        errors: { pointer: string }[];
      };
      expect(answer).toMatchObject({ code: 'invalid_input' });
      expect(answer.errors.map((each) => each.pointer)).toContain(pointer);
    }
  });

  it('is tried out without being replaced', async () => {
    const check = {
      version: 3,
      policy: { order: DEFAULT_POLICY.order },
      changes: [{ what: 'order', before: 'fifo', after: 'fair-share' }],
      warnings: [],
      treatedDifferently: [{ jobId: 'job_jjjjjjjjjjjjjjjjjjjjjjjjjj', now: 'waits', instead: 'starts' }],
    };
    fixture.answer(policyRpc.check, ({ body }) => {
      expect(body).toEqual({ policy: {} });
      return check;
    });
    const response = await fixture.fetch(`${URL_PATH}/check`, json('POST', {}));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(check);
  });

  it('has its versions page by page', async () => {
    const page = { items: [{ version: 0, at: null, by: null, comment: null }], nextCursor: null };
    fixture.answer(policyRpc.versions, ({ body }) => {
      expect(body).toEqual({ limit: 5, cursor: 'x' });
      return page;
    });
    const response = await fixture.fetch(`${URL_PATH}/versions?limit=5&cursor=x`);
    expect(await response.json()).toEqual(page);
    expect((await fixture.fetch(`${URL_PATH}/versions?limit=0`)).status).toBe(400);
  });
});
