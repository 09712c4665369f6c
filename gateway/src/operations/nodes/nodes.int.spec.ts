// Agents at the gateway: joining with a token, and content by their own tokens.
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { openHttpBlobStore } from '@baton/blob-store';
import { schedulerRpc } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GatewayFixture, json, startFixture } from '../../testing/fixture.ts';
import { problem } from '../../testing/problem.ts';

const NODE = 'nod_nnnnnnnnnnnnnnnnnnnnnnnnnn';
const PUBLIC_KEY = `U${'A'.repeat(55)}`;
const TOKEN = `bag_${'n'.repeat(26)}_${'s'.repeat(43)}`;
const body = { token: 'baj_token', publicKey: PUBLIC_KEY, tokenHash: '0'.repeat(64) };

let fixture: GatewayFixture;
beforeAll(async () => {
  fixture = await startFixture();
  fixture.answer(schedulerRpc.authenticateAgent, ({ principal, body: { token } }) => {
    if (principal.kind !== 'system' || token !== TOKEN)
      throw new PlatformError('unauthenticated', "The agent's token is unknown or revoked.");
    return { nodeId: NODE };
  });
});
afterAll(() => fixture.stop());

describe('joining', () => {
  it('takes no log-in, and tells the node and where NATS is', async () => {
    fixture.answer(schedulerRpc.joinNode, ({ principal, body: asked }) => {
      expect([principal.userId, asked]).toEqual(['anonymous', body]);
      return { id: NODE, name: null };
    });
    const response = await fixture.fetch('/api/v1/nodes/join', { ...json('POST', body), token: null });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ id: NODE, name: null, natsUrl: fixture.nats.url });
  });
  it('uses up no token where NATS can not be reached from there', async () => {
    fixture.answer(schedulerRpc.joinNode, () => {
      throw new Error('it was asked');
    });
    const headers = { 'x-forwarded-for': '10.1.2.3' };
    const response = await fixture.fetch('/api/v1/nodes/join', { ...json('POST', body, headers), token: null });
    expect(response.status).toBe(409);
    expect(await problem(response)).toMatchObject({ detail: expect.stringContaining('BATON_NATS_HOST') as string });
  });
  it('names what is wrong with keys that are none', async () => {
    const response = await fixture.fetch('/api/v1/nodes/join', json('POST', { ...body, publicKey: 'key' }));
    expect(await problem(response)).toMatchObject({ code: 'invalid_input', errors: [{ pointer: '/publicKey' }] });
  });
});

describe('nodes', () => {
  it('are added with a token that no cache keeps, and whether other servers can join', async () => {
    const added = { id: NODE, revision: 1, token: 'baj_x', expiresAt: 5 };
    fixture.answer(schedulerRpc.addNode, () => added);
    const response = await fixture.fetch('/api/v1/nodes', json('POST', { name: 'two' }));
    expect([response.status, response.headers.get('cache-control')]).toEqual([201, 'no-store']);
    expect(response.headers.get('location')).toBe(`/api/v1/nodes/${NODE}`);
    expect(await response.json()).toEqual({ ...added, ownMachineOnly: true });
  });
  it('are removed by force only in so many words', async () => {
    const asked: unknown[] = [];
    fixture.answer(schedulerRpc.removeNode, (call) => {
      asked.push(call.body);
      return { id: NODE, revision: 2 };
    });
    await fixture.fetch('/api/v1/nodes/two', { method: 'DELETE' });
    await fixture.fetch('/api/v1/nodes/two?force=true&reason=dead', { method: 'DELETE' });
    expect(asked).toEqual([{ id: 'two' }, { id: 'two', force: true, reason: 'dead' }]);
    expect((await fixture.fetch('/api/v1/nodes/two?force=yes', { method: 'DELETE' })).status).toBe(400);
  });
});

describe("an agent's content", () => {
  const store = (token = TOKEN) => openHttpBlobStore({ url: fixture.gateway.url, token });
  const content = Buffer.alloc(3_000_000, 'content of an artifact');
  const digest = createHash('sha256').update(content).digest('hex');

  it('is stored and given, whole and in ranges, past the limit of other bodies', async () => {
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < content.length; at += 500_000) yield content.subarray(at, at + 500_000);
    }
    expect(await store().put(pieces())).toEqual({ digest, sizeBytes: content.length });
    expect(await store().put(content, { digest })).toEqual({ digest, sizeBytes: content.length });
    expect((await store().read(digest)).equals(content)).toBe(true);
    const range = await buffer(await store().open(digest, { start: 2_999_990, end: 9_999_999 }));
    expect(range.equals(content.subarray(2_999_990))).toBe(true);
    const empty = await store().put(Buffer.alloc(0));
    expect(await store().stat(empty.digest)).toEqual(empty);
    expect((await store().read(empty.digest)).length).toBe(0);
  });

  it('is refused under a digest that it does not have, and nothing is kept of it', async () => {
    const wrong = '0'.repeat(64);
    const headers = { 'content-type': 'application/octet-stream' };
    const sent = { method: 'PUT', body: 'other content', headers, token: TOKEN };
    const response = await fixture.fetch(`/api/v1/blobs/${wrong}`, sent);
    expect(await problem(response)).toMatchObject({ code: 'digest_mismatch', status: 422 });
    expect(await store().stat(wrong)).toBeNull();
  });

  it('is for agents alone: no user, no job, no stranger, and agents do nothing else', async () => {
    for (const token of ['alice', 'job', null, `bag_${'x'.repeat(70)}`]) {
      for (const method of ['GET', 'HEAD', 'PUT'])
        expect((await fixture.fetch(`/api/v1/blobs/${digest}`, { method, token })).status).toBe(401);
      expect((await fixture.fetch('/api/v1/blobs', { method: 'POST', token })).status).toBe(401);
    }
    expect((await fixture.fetch('/api/v1/jobs', { token: TOKEN })).status).toBe(401);
  });

  it('is no JSON: other media types are refused there, and bytes everywhere else', async () => {
    const response = await fixture.fetch('/api/v1/blobs', { ...json('POST', {}), token: TOKEN });
    expect(response.status).toBe(415);
    const bytes = { method: 'POST', body: 'x', headers: { 'content-type': 'application/octet-stream' } };
    expect((await fixture.fetch('/api/v1/datasets', bytes)).status).toBe(415);
  });
});
