// Who gets in: tokens, job tokens, revocation, and the browser's cookie.
import { datasetRpc, schedulerRpc, userRpc } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALICE, BOB, type GatewayFixture, JOB, json, startFixture } from '../testing/fixture.ts';
import { problem } from '../testing/problem.ts';

let fixture: GatewayFixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.stop());

const changed = { id: 'dst_aaaaaaaaaaaaaaaaaaaaaaaaaa', revision: 3 };

describe('admission', () => {
  it('refuses everything without a token that does not say otherwise', async () => {
    for (const path of [
      '/api/v1/users/me',
      '/api/v1/jobs',
      '/api/v1/uploads/x',
      '/api/v1/datasets/d/versions/1/files/a',
    ]) {
      expect((await fixture.fetch(path, { token: null })).status).toBe(401);
    }
  });
  it('refuses an unknown token and a malformed header', async () => {
    expect((await fixture.fetch('/api/v1/jobs', { token: 'wrong' })).status).toBe(401);
    expect(
      (await fixture.fetch('/api/v1/jobs', { token: null, headers: { authorization: 'Basic YTpi' } })).status,
    ).toBe(401);
  });
  it("lets a job's token read its own job alone", async () => {
    fixture.answer(schedulerRpc.getJob, () => {
      throw new PlatformError('not_found', 'asked');
    });
    expect(await problem(await fixture.fetch(`/api/v1/jobs/${JOB}`, { token: 'job' }))).toMatchObject({
      detail: 'asked',
    });
    const other = await problem(await fixture.fetch('/api/v1/jobs/job_xxxxxxxxxxxxxxxxxxxxxxxxxx', { token: 'job' }));
    expect(other).toMatchObject({ code: 'not_found' });
    expect(other.detail).not.toBe('asked');
    expect((await fixture.fetch('/api/v1/datasets', { token: 'job' })).status).toBe(403);
    expect((await fixture.fetch(`/api/v1/jobs/${JOB}/cancel`, { method: 'POST', token: 'job' })).status).toBe(403);
  });
  it('asks again as soon as credentials have changed', async () => {
    let isValid = true;
    let asked = 0;
    fixture.answer(userRpc.authenticate, ({ body }) => {
      if (body.token === 'carol') asked += 1;
      if (body.token === 'carol' && !isValid) throw new PlatformError('unauthenticated', 'revoked');
      return {
        kind: 'user' as const,
        userId: body.token === 'bob' ? BOB : ALICE,
        role: 'user' as const,
        groups: [],
        credentialId: 'c',
      };
    });
    fixture.answer(schedulerRpc.listJobs, () => ({ items: [], nextCursor: null }));
    expect((await fixture.fetch('/api/v1/jobs', { token: 'carol' })).status).toBe(200);
    expect((await fixture.fetch('/api/v1/jobs', { token: 'carol' })).status).toBe(200);
    expect(asked).toBe(1);
    isValid = false;
    fixture.services.publish('note.credentials-changed', {});
    await fixture.services.connection.flush();
    await expect.poll(async () => (await fixture.fetch('/api/v1/jobs', { token: 'carol' })).status).toBe(401);
  });
});

describe('the session cookie', () => {
  const logIn = async () => {
    const user = {
      id: ALICE,
      revision: 1,
      createdAt: 1,
      updatedAt: 1,
      email: 'a@b',
      name: 'A',
      role: 'user' as const,
      disabled: false,
      erased: false,
    };
    fixture.answer(userRpc.logIn, () => ({ token: 'alice', expiresAt: Date.now() + 60_000, user }));
    const response = await fixture.fetch('/api/v1/sessions', {
      ...json('POST', { email: 'a@b', password: 'p' }),
      token: null,
    });
    return { response, cookie: response.headers.get('set-cookie') ?? '' };
  };
  it('is http-only, lax, and named for loopback', async () => {
    const { response, cookie } = await logIn();
    expect(response.status).toBe(201);
    expect(cookie).toMatch(/^baton=alice; .*Path=\/; .*HttpOnly; SameSite=Lax$/);
    expect(await response.json()).toMatchObject({ token: 'alice' });
  });
  it('is secure and __Host- behind a TLS proxy', async () => {
    const response = await fixture.fetch('/api/v1/sessions', {
      ...json('POST', { email: 'a@b', password: 'p' }, { 'x-forwarded-proto': 'https' }),
      token: null,
    });
    expect(response.headers.get('set-cookie')).toMatch(
      /^__Host-baton=alice; .*Path=\/; .*HttpOnly; Secure; SameSite=Lax$/,
    );
  });
  it('reads from anywhere but changes from this origin alone', async () => {
    fixture.answer(datasetRpc.create, () => changed);
    fixture.answer(schedulerRpc.listJobs, () => ({ items: [], nextCursor: null }));
    const send = (headers: Record<string, string>) =>
      fixture.fetch('/api/v1/datasets', {
        ...json('POST', { name: 'd' }, { cookie: 'baton=alice', ...headers }),
        token: null,
      });
    expect((await fixture.fetch('/api/v1/jobs', { token: null, headers: { cookie: 'baton=alice' } })).status).toBe(200);
    expect((await send({})).status).toBe(403);
    expect((await send({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await send({ 'sec-fetch-site': 'same-site' })).status).toBe(403);
    expect((await send({ origin: 'http://evil.example' })).status).toBe(403);
    expect((await send({ origin: fixture.gateway.url })).status).toBe(201);
    expect((await send({ 'sec-fetch-site': 'same-origin' })).status).toBe(201);
  });
  it('is held to its origin for an overridden method too', async () => {
    fixture.answer(datasetRpc.delete, () => changed);
    const headers = { cookie: 'baton=alice', 'x-http-method-override': 'DELETE' };
    expect((await fixture.fetch('/api/v1/datasets/d', { method: 'POST', token: null, headers })).status).toBe(403);
  });
});
