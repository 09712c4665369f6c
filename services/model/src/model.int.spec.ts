// The model service on a real nats-server, called as the gateway calls it.
import { openStage, person, type Stage, VISION } from '@baton/catalogue/testing';
import { modelRpc } from '@baton/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelService } from './definition.ts';

const owner = person('a', { groups: [VISION.id] });
const member = person('b', { groups: [VISION.id] });
const stranger = person('c');
const admin = person('d', { role: 'admin' });
const code = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'ok',
    (error: { code?: string }) => error.code ?? 'no code',
  );

let stage: Stage;
beforeAll(async () => {
  stage = await openStage(modelService);
});
afterAll(() => stage?.close());

const push = async (id: string, ...files: string[]) =>
  stage.call(modelRpc.addVersion, owner, {
    id,
    uploads: await Promise.all(files.map((file) => stage.upload(file, `content of ${file}`))),
  });

describe('who may do what with a model', () => {
  const matrix = [
    ['private', member, { read: 'not_found', write: 'not_found', register: false }],
    ['private', admin, { read: 'ok', write: 'ok', register: true }],
    ['group', member, { read: 'ok', write: 'forbidden', register: false }],
    ['group', stranger, { read: 'not_found', write: 'not_found', register: false }],
    ['everyone', stranger, { read: 'ok', write: 'forbidden', register: false }],
    ['private', owner, { read: 'ok', write: 'ok', register: true }],
  ] as const;

  it.each(matrix)('%s: %o', async (visibility, principal, expected) => {
    const name = `matrix-${visibility}-${principal.userId.slice(4, 5)}`;
    const { id } = await stage.call(modelRpc.create, owner, { name, visibility, group: VISION.name });
    await push(id, 'train.py');
    const read = [
      await code(stage.call(modelRpc.get, principal, { id: name })),
      await code(stage.call(modelRpc.manifest, principal, { id, version: 1 })),
      await code(stage.call(modelRpc.resolve, principal, { ref: name, version: 'latest' })),
    ];
    const listed = (await stage.call(modelRpc.list, principal, { name })).items.length;
    const { allowed } = await stage.call(modelRpc.mayRegister, principal, { name });
    const write = [
      await code(stage.call(modelRpc.update, principal, { id, description: 'x' })),
      await code(stage.call(modelRpc.delete, principal, { id })),
    ];
    expect({ read, write, listed, allowed }).toEqual({
      read: [expected.read, expected.read, expected.read],
      write: [expected.write, expected.write],
      listed: expected.read === 'ok' ? 1 : 0,
      allowed: expected.register,
    });
  });

  it('lets anybody register weights under a free name, in no other spelling of a taken one', async () => {
    await stage.call(modelRpc.create, owner, { name: 'Taken' });
    const allowed = async (name: string) => (await stage.call(modelRpc.mayRegister, stranger, { name })).allowed;
    expect([await allowed('free'), await allowed('Taken'), await allowed('taken')]).toEqual([true, false, false]);
  });
});

describe('versions of a model', () => {
  it('are code, weights or both, found out from their files unless said otherwise', async () => {
    const { id } = await stage.call(modelRpc.create, owner, { name: 'kinds' });
    await push(id, 'train.py');
    await push(id, 'model.onnx');
    await push(id, 'train.py', 'model.onnx');
    await stage.call(modelRpc.addVersion, owner, {
      id,
      kind: 'weights',
      trained: false,
      uploads: [await stage.upload('w.bin', 'w')],
    });
    const { versions } = await stage.call(modelRpc.get, owner, { id });
    expect(versions.map(({ kind, trained, lineage }) => ({ kind, trained, lineage }))).toEqual([
      { kind: 'code', trained: false, lineage: null },
      { kind: 'weights', trained: true, lineage: null },
      { kind: 'both', trained: true, lineage: null },
      { kind: 'weights', trained: false, lineage: null },
    ]);
  });

  it('resolve to the latest that holds what is needed, where code and weights share the name', async () => {
    const { id } = await stage.call(modelRpc.create, owner, { name: 'shared-name' });
    const resolved = async (needs?: 'code' | 'weights', version: number | 'latest' = 'latest') =>
      (await stage.call(modelRpc.resolve, owner, { ref: 'shared-name', version, ...(needs ? { needs } : {}) })).version;
    expect(await code(resolved('code'))).toBe('not_found');
    await push(id, 'train.py');
    expect(await code(resolved('weights'))).toBe('not_found');
    await push(id, 'model.onnx');
    expect([await resolved(), await resolved('code'), await resolved('weights')]).toEqual([2, 1, 2]);
    expect(await code(resolved('code', 2))).toBe('invalid_input');
    expect(await code(resolved(undefined, 3))).toBe('not_found');
  });

  it('stay one for code that is pushed again unchanged', async () => {
    const { id } = await stage.call(modelRpc.create, owner, { name: 'pushed-again' });
    await push(id, 'train.py');
    await push(id, 'model.onnx');
    expect((await push(id, 'train.py')).version).toBe(1);
    expect((await stage.call(modelRpc.get, owner, { id })).latestVersion).toBe(2);
  });
});
