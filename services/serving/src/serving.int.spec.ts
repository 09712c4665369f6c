// Endpoints from creation to deletion, on a real nats-server with real ONNX models.
import { servingRpc } from '@baton/contracts';
import { scaleModel } from '@baton/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alice, admin, bob, row, startWorld, VISION, type World } from './testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
  await world.addVersion('scale', { 'model.onnx': scaleModel(2, 3) });
  await world.addVersion('scale', { 'model.onnx': scaleModel(3, 3) });
  await world.addVersion('broken', { 'model.onnx': Buffer.from('this is no model') });
  await world.addVersion('code', { 'train.py': Buffer.from('print(1)') }, 'code');
  await world.addVersion('private-scale', { 'model.onnx': scaleModel(2, 3) });
});
afterAll(() => world.close());

const infer = (name: string, body: unknown, token?: string) =>
  world.http('POST', `/v2/models/${name}/infer`, { body, ...(token === undefined ? {} : { token }) });

describe('creating an endpoint', () => {
  it('answers inference as soon as the command has answered', async () => {
    const created = await world.call(servingRpc.create, alice, { name: 'doubler', model: 'scale', version: 1 });
    const answer = await infer('doubler', { id: 'a1', ...row(1, 2, 3) }, 'alice-token');
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      model_name: 'doubler',
      model_version: '1',
      id: 'a1',
      outputs: [{ name: 'y', datatype: 'FP32', shape: [1, 3], data: [2, 4, 6] }],
    });
    const view = await world.call(servingRpc.get, alice, { id: created.id });
    expect(view).toMatchObject({
      name: 'doubler',
      state: 'ready',
      message: '',
      visibility: 'private',
      url: `${world.url}/v2/models/doubler/infer`,
    });
  });

  it('refuses weights that do not parse, with the words of onnxruntime, and leaves the name free', async () => {
    const refused = world.call(servingRpc.create, alice, { name: 'later', model: 'broken' });
    await expect(refused).rejects.toMatchObject({
      code: 'bad_model',
      message: expect.stringMatching(/the file failed.*protobuf parsing failed/i),
    });
    await world.call(servingRpc.create, alice, { name: 'later', model: 'scale' });
  });

  it('refuses a version without weights, an unknown model and one that the caller may not read', async () => {
    await expect(world.call(servingRpc.create, alice, { name: 'x1', model: 'code' })).rejects.toMatchObject({
      code: 'bad_model',
    });
    await expect(world.call(servingRpc.create, alice, { name: 'x1', model: 'nope' })).rejects.toMatchObject({
      code: 'not_found',
    });
    await expect(world.call(servingRpc.create, alice, { name: 'x1', model: 'private-scale' })).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it('refuses a name that is taken, and frees it when its holder is deleted', async () => {
    const { id } = await world.call(servingRpc.create, alice, { name: 'unique', model: 'scale' });
    await expect(world.call(servingRpc.create, bob, { name: 'Unique', model: 'scale' })).rejects.toMatchObject({
      code: 'name_taken',
    });
    await world.call(servingRpc.delete, alice, { id });
    expect((await infer('unique', row(1, 2, 3), 'alice-token')).status).toBe(404);
    await expect(world.call(servingRpc.get, alice, { id })).rejects.toMatchObject({ code: 'not_found' });
    await world.call(servingRpc.create, bob, { name: 'unique', model: 'scale' });
  });

  it('answers a repeat with the same idempotency key as the first, and another body not', async () => {
    const wanted = { name: 'once', model: 'scale' };
    const first = await world.call(servingRpc.create, alice, wanted, 'key-1');
    expect(await world.call(servingRpc.create, alice, wanted, 'key-1')).toEqual(first);
    const other = world.call(servingRpc.create, alice, { ...wanted, name: 'twice' }, 'key-1');
    await expect(other).rejects.toMatchObject({ code: 'idempotency_key_reused' });
  });
});

describe('access', () => {
  it('hides a private endpoint from others as if it were not there, and shows it to admins', async () => {
    const { id } = await world.call(servingRpc.create, alice, { name: 'secret', model: 'scale' });
    const hidden = await infer('secret', row(1, 2, 3), 'bob-token');
    const unknown = await infer('unknown', row(1, 2, 3), 'bob-token');
    expect([hidden.status, unknown.status]).toEqual([404, 404]);
    expect(hidden.body.error).toBe(unknown.body.error.replace('unknown', 'secret'));
    expect((await infer('secret', row(1, 2, 3))).status).toBe(401);
    expect((await infer('unknown', row(1, 2, 3))).status).toBe(401);
    expect((await infer('secret', row(1, 2, 3), 'wrong-token')).status).toBe(401);
    expect((await infer('secret', row(1, 2, 3), 'admin-token')).status).toBe(200);
    await expect(world.call(servingRpc.get, bob, { id })).rejects.toMatchObject({ code: 'not_found' });
    await expect(world.call(servingRpc.delete, bob, { id })).rejects.toMatchObject({ code: 'not_found' });
    expect((await world.call(servingRpc.list, bob, {})).items.map((view) => view.id)).not.toContain(id);
    expect((await world.call(servingRpc.list, admin, {})).items.map((view) => view.id)).toContain(id);
  });

  it('lets everybody use an endpoint for everyone, but change it only its owner', async () => {
    const { id } = await world.call(servingRpc.create, alice, { name: 'open', model: 'scale', visibility: 'everyone' });
    expect((await infer('open', row(1, 2, 3))).status).toBe(200);
    await expect(world.call(servingRpc.update, bob, { id, version: 1 })).rejects.toMatchObject({ code: 'forbidden' });
    expect((await world.http('POST', '/v2/repository/models/open/unload', { token: 'bob-token' })).status).toBe(403);
    expect((await world.http('POST', '/v2/repository/models/open/unload')).status).toBe(401);
  });

  it('gives an endpoint to a group by its name, and knows no group that the caller is not in', async () => {
    const wanted = { name: 'shared', model: 'scale', group: VISION.name };
    const first = await world.call(servingRpc.create, alice, wanted, 'shared-1');
    expect(await world.call(servingRpc.get, alice, { id: 'shared' })).toMatchObject({
      groupId: VISION.id,
      visibility: 'group',
    });
    const member = { ...bob, groups: [VISION.id] };
    expect((await world.call(servingRpc.get, member, { id: first.id })).name).toBe('shared');
    await expect(world.call(servingRpc.get, bob, { id: first.id })).rejects.toMatchObject({ code: 'not_found' });
    for (const group of [VISION.name, 'nothing']) {
      const refused = world.call(servingRpc.create, bob, { name: 'unshared', model: 'scale', group });
      await expect(refused).rejects.toMatchObject({ code: 'not_found', message: expect.stringContaining('group') });
    }
    // Whoever has left the group since gets the first answer again.
    expect(await world.call(servingRpc.create, { ...alice, groups: [] }, wanted, 'shared-1')).toEqual(first);
  });

  it('asks about a token once, and again when credentials have changed', async () => {
    await world.call(servingRpc.create, bob, { name: 'bobs', model: 'scale' });
    expect((await infer('bobs', row(1, 2, 3), 'bob-token')).status).toBe(200);
    const before = world.authentications();
    expect((await infer('bobs', row(1, 2, 3), 'bob-token')).status).toBe(200);
    expect(world.authentications()).toBe(before);
    await world.revoke('bob-token');
    await expect.poll(async () => (await infer('bobs', row(1, 2, 3), 'bob-token')).status).toBe(401);
  });
});

describe('changing versions', () => {
  it('swaps under load without one failed or mixed answer', async () => {
    const { id } = await world.call(servingRpc.create, alice, {
      name: 'live',
      model: 'scale',
      version: 1,
      visibility: 'everyone',
    });
    let isDone = false;
    const seen = new Set<string>();
    const client = async (): Promise<void> => {
      while (!isDone) {
        const { status, body } = await infer('live', row(1, 2, 3));
        expect({ status, error: body.error }).toEqual({ status: 200, error: undefined });
        const factor = body.model_version === '1' ? 2 : 3;
        expect(body.outputs[0].data).toEqual([factor, 2 * factor, 3 * factor]);
        seen.add(body.model_version);
      }
    };
    const clients = Array.from({ length: 8 }, client);
    for (const version of [2, 1, 2] as const) await world.call(servingRpc.update, alice, { id, version });
    expect((await infer('live', row(1, 2, 3))).body.model_version).toBe('2');
    isDone = true;
    await Promise.all(clients);
    expect([...seen].toSorted()).toEqual(['1', '2']);
  });

  it('keeps the old version when the new one does not load', async () => {
    await world.addVersion('fragile', { 'model.onnx': scaleModel(5, 1) });
    await world.addVersion('fragile', { 'model.onnx': Buffer.from('no') });
    const { id } = await world.call(servingRpc.create, alice, {
      name: 'fragile',
      model: 'fragile',
      version: 1,
      visibility: 'everyone',
    });
    await expect(world.call(servingRpc.update, alice, { id, version: 'latest' })).rejects.toMatchObject({
      code: 'bad_model',
    });
    expect((await infer('fragile', row(2))).body).toMatchObject({ model_version: '1', outputs: [{ data: [10] }] });
    expect(await world.call(servingRpc.get, alice, { id })).toMatchObject({
      revision: 1,
      state: 'ready',
      target: { version: 1 },
    });
  });
});

describe('starting again', () => {
  it('serves all endpoints from the log with the read store gone', async () => {
    const { id } = await world.call(servingRpc.create, alice, {
      name: 'lasting',
      model: 'scale',
      version: 1,
      visibility: 'everyone',
    });
    await world.call(servingRpc.update, alice, { id, version: 2 });
    const before = await world.call(servingRpc.list, admin, { limit: 1_000 });
    await world.stopServing();
    await world.startServing({ withoutReadModels: true });
    expect((await world.http('GET', '/v2/health/ready')).body).toEqual({ live: true, ready: true });
    expect((await infer('lasting', row(1, 2, 3))).body).toMatchObject({
      model_version: '2',
      outputs: [{ data: [3, 6, 9] }],
    });
    const after = await world.call(servingRpc.list, admin, { limit: 1_000 });
    expect(after.items.map(({ id: known, revision, state }) => ({ known, revision, state }))).toEqual(
      before.items.map(({ id: known, revision, state }) => ({ known, revision, state })),
    );
  });
});
