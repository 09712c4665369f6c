// Reservations over REST: made, listed, shown and cancelled.
import { bookingRpc, type BookingView } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALICE, type GatewayFixture, json, startFixture } from '../../testing/fixture.ts';
import { problem } from '../../testing/problem.ts';

const URL_PATH = '/api/v1/reservations';
const ID = 'bkg_bbbbbbbbbbbbbbbbbbbbbbbbbb';
const wanted = { node: 'box', devices: ['0'], from: 10, for: '4h', users: ['ada@example.com'], reason: 'lecture' };
const view: BookingView = {
  id: ID,
  revision: 2,
  createdAt: 1,
  updatedAt: 1,
  state: 'coming',
  nodeId: 'nod_nnnnnnnnnnnnnnnnnnnnnnnnnn',
  nodeName: 'box',
  devices: ['gpu-0'],
  from: 10,
  until: 20,
  userIds: [ALICE],
  groupIds: [],
  reason: 'lecture',
  by: ALICE,
  cancelled: null,
};

let fixture: GatewayFixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.stop());

describe('a reservation', () => {
  it('is made, and where it then is', async () => {
    fixture.answer(bookingRpc.make, ({ meta, body }) => {
      expect(meta.idempotencyKey).toBe('once');
      expect(body).toEqual(wanted);
      return { id: ID, revision: 2 };
    });
    const response = await fixture.fetch(URL_PATH, json('POST', wanted, { 'idempotency-key': 'once' }));
    expect([response.status, response.headers.get('location')]).toEqual([201, `${URL_PATH}/${ID}`]);
    expect(await response.json()).toEqual({ id: ID, revision: 2 });
  });

  it('is refused where it overlaps, and to users', async () => {
    for (const [code, status] of [
      ['conflict', 409],
      ['forbidden', 403],
    ] as const) {
      fixture.answer(bookingRpc.make, () => {
        throw new PlatformError(code, 'No.');
      });
      expect(await problem(await fixture.fetch(URL_PATH, json('POST', wanted)))).toMatchObject({ code, status });
    }
  });

  it.each([
    [{ ...wanted, node: undefined }, '/node'],
    [{ ...wanted, for: undefined }, '/for'],
    [{ ...wanted, devices: [] }, '/devices'],
    [{ ...wanted, devices: ['0', '0'] }, '/devices'],
    [{ ...wanted, from: 'tomorrow' }, '/from'],
    [{ ...wanted, user: 'ada@example.com' }, '/user'],
  ])('is refused as %j, and where', async (body, pointer) => {
    const answer = (await problem(await fixture.fetch(URL_PATH, json('POST', body)))) as unknown as {
      errors: { pointer: string }[];
    };
    expect(answer).toMatchObject({ code: 'invalid_input' });
    expect(answer.errors.map((each) => each.pointer)).toContain(pointer);
  });

  it('is listed for whoever is logged in, and only for them', async () => {
    fixture.answer(bookingRpc.list, ({ body }) => {
      expect(body).toEqual({ node: 'box', all: true, limit: 1 });
      return { items: [view], nextCursor: 'next' };
    });
    const response = await fixture.fetch(`${URL_PATH}?node=box&all=true&limit=1`, { token: 'bob' });
    expect(await response.json()).toEqual({ items: [view], nextCursor: 'next' });
    expect((await fixture.fetch(URL_PATH, { token: null })).status).toBe(401);
    expect((await fixture.fetch(`${URL_PATH}?all=yes`)).status).toBe(400);
  });

  it('is shown with its ETag, at the revision that a command has answered', async () => {
    fixture.answer(bookingRpc.get, ({ meta, body }) => {
      if (body.id !== ID) throw new PlatformError('not_found', 'There is none.');
      expect(meta.waitForRevision).toBe(2);
      return view;
    });
    const response = await fixture.fetch(`${URL_PATH}/${ID}?waitForRevision=2`);
    expect(response.headers.get('etag')).toBe('"2"');
    expect(await response.json()).toEqual(view);
    expect((await fixture.fetch(`${URL_PATH}/other`)).status).toBe(404);
  });

  it('is cancelled with a reason and under If-Match', async () => {
    fixture.answer(bookingRpc.cancel, ({ meta, body }) => {
      expect(body).toEqual({ id: ID, reason: 'rain' });
      if (meta.ifRevision !== 2) throw new PlatformError('revision_mismatch', 'It has changed.');
      return { id: ID, revision: 3 };
    });
    const cancel = (tag: string) =>
      fixture.fetch(`${URL_PATH}/${ID}?reason=rain`, { method: 'DELETE', headers: { 'if-match': tag } });
    expect(await (await cancel('"2"')).json()).toEqual({ id: ID, revision: 3 });
    expect((await cancel('"1"')).status).toBe(412);
  });
});
