// Open Inference Protocol v2 over HTTP, on real ONNX models of many kinds.
import { servingRpc } from '@baton/contracts';
import { mlpModel, onnxModel, scaleModel } from '@baton/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alice, row, startWorld, type World } from './testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
  await world.addVersion('scale', { 'model.onnx': scaleModel(2, 3) });
});
afterAll(() => world.close());

const infer = (name: string, body: unknown) => world.http('POST', `/v2/models/${name}/infer`, { body });

describe('the protocol', () => {
  beforeAll(async () => {
    await world.call(servingRpc.create, alice, { name: 'p', model: 'scale', version: 1, visibility: 'everyone' });
  });

  it('answers server, health, metadata, readiness, configuration, statistics and index', async () => {
    const get = async (path: string) => (await world.http('GET', path)).body;
    expect(await get('/v2')).toMatchObject({ name: 'baton', extensions: expect.arrayContaining(['statistics']) });
    expect(await get('/v2/health/live')).toEqual({ live: true });
    expect(await get('/v2/health/ready')).toEqual({ live: true, ready: true });
    const metadata = {
      name: 'p',
      versions: ['1'],
      platform: 'onnx_onnxv1',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 3] }],
    };
    expect(await get('/v2/models/p')).toEqual(metadata);
    expect(await get('/v2/models/p/versions/1')).toEqual(metadata);
    expect(await get('/v2/models/p/ready')).toEqual({ name: 'p', ready: true });
    expect(await get('/v2/models/p/config')).toMatchObject({ name: 'p', max_batch_size: 256 });
    await infer('p', row(1, 2, 3));
    expect(await get('/v2/models/p/stats')).toMatchObject({
      model_stats: [{ name: 'p', version: '1', inference_stats: { success: { count: 1 } } }],
    });
    expect((await get('/v2/models/stats')).model_stats.map((stats: { name: string }) => stats.name)).toContain('p');
    const index = await world.http('POST', '/v2/repository/index');
    expect(index.body).toContainEqual({ name: 'p', version: '1', state: 'READY', reason: '' });
    expect((await world.http('GET', '/v2/models/p/versions/2')).status).toBe(404);
  });

  it.each([
    ['a wrong name', { inputs: [{ name: 'z', shape: [1, 3], datatype: 'FP32', data: [1, 2, 3] }] }, 'has no input "z"'],
    ['a missing input', { inputs: [] }, 'input "x" is missing'],
    ['no inputs', {}, '"inputs" must be a list'],
    [
      'an input given twice',
      { inputs: [1, 2].map(() => ({ name: 'x', shape: [1, 3], datatype: 'FP32', data: [1, 2, 3] })) },
      'given twice',
    ],
    [
      'a wrong datatype',
      { inputs: [{ name: 'x', shape: [1, 3], datatype: 'INT64', data: [1, 2, 3] }] },
      'datatype FP32',
    ],
    ['a wrong rank', { inputs: [{ name: 'x', shape: [3], datatype: 'FP32', data: [1, 2, 3] }] }, 'shape like [-1,3]'],
    ['a wrong width', { inputs: [{ name: 'x', shape: [1, 2], datatype: 'FP32', data: [1, 2] }] }, 'shape like [-1,3]'],
    [
      'a negative dimension',
      { inputs: [{ name: 'x', shape: [-1, 3], datatype: 'FP32', data: [1, 2, 3] }] },
      'any positive number',
    ],
    [
      'a shape beyond all bounds',
      { inputs: [{ name: 'x', shape: [9007199254740991, 3], datatype: 'FP32', data: [1, 2, 3] }] },
      'more than the request holds',
    ],
    ['too few elements', { inputs: [{ name: 'x', shape: [1, 3], datatype: 'FP32', data: [1, 2] }] }, 'has 2 elements'],
    [
      'data nested otherwise than its shape',
      { inputs: [{ name: 'x', shape: [1, 3], datatype: 'FP32', data: [[1, 2], [3]] }] },
      'list of 2',
    ],
    [
      'a text among the numbers',
      { inputs: [{ name: 'x', shape: [1, 3], datatype: 'FP32', data: [1, 'two', 3] }] },
      'element 1',
    ],
    ['no data', { inputs: [{ name: 'x', shape: [1, 3], datatype: 'FP32' }] }, 'no "data"'],
    ['an unknown output', { ...row(1, 2, 3), outputs: [{ name: 'q' }] }, 'no output "q"'],
    ['something that is not JSON', '{"inputs": [', 'not JSON'],
    ['nothing', '', 'no body'],
    ['a list', [], 'must be a JSON object'],
  ])('refuses %s with 400 and says what is wrong', async (_what, body, message) => {
    const answer = await infer('p', body);
    expect(answer).toMatchObject({ status: 400, body: { error: expect.stringContaining(message) } });
  });

  it('takes nested data, several rows and members that it does not know', async () => {
    const input = {
      name: 'x',
      shape: [2, 3],
      datatype: 'FP32',
      data: [
        [1, 2, 3],
        [4, 5, 6],
      ],
      parameters: { more: 1 },
    };
    const answer = await infer('p', {
      inputs: [input],
      outputs: [{ name: 'y' }],
      parameters: { priority: 1 },
      more: true,
    });
    expect(answer.body.outputs).toEqual([{ name: 'y', datatype: 'FP32', shape: [2, 3], data: [2, 4, 6, 8, 10, 12] }]);
  });

  it('refuses binary tensors and other verbs in so many words', async () => {
    const binary = await world.http('POST', '/v2/models/p/infer', {
      body: row(1, 2, 3),
      headers: { 'Inference-Header-Content-Length': '10' },
    });
    expect(binary).toMatchObject({ status: 400, body: { error: expect.stringContaining('not supported yet') } });
    const verb = await world.http('DELETE', '/v2/models/p');
    expect(verb.status).toBe(405);
    expect(verb.headers.get('allow')).toBe('GET');
    expect((await world.http('GET', '/v2/nothing')).status).toBe(404);
  });

  it('unloads until it is loaded again', async () => {
    await world.call(servingRpc.create, alice, { name: 'resting', model: 'scale', visibility: 'everyone' });
    const post = (verb: string) =>
      world.http('POST', `/v2/repository/models/resting/${verb}`, { token: 'admin-token' });
    expect((await post('unload')).status).toBe(200);
    expect(await infer('resting', row(1, 2, 3))).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('unloaded') },
    });
    expect(await world.http('GET', '/v2/models/resting/ready')).toMatchObject({ status: 400, body: { ready: false } });
    expect((await post('load')).status).toBe(200);
    expect((await infer('resting', row(1, 2, 3))).status).toBe(200);
  });
});

describe('models of many kinds', () => {
  it('carries every datatype of a request to the answer', async () => {
    const types = {
      int8: 'INT8',
      int16: 'INT16',
      int32: 'INT32',
      int64: 'INT64',
      uint8: 'UINT8',
      uint16: 'UINT16',
      uint32: 'UINT32',
      uint64: 'UINT64',
      double: 'FP64',
      bool: 'BOOL',
      string: 'BYTES',
    } as const;
    const names = Object.keys(types) as (keyof typeof types)[];
    const value = (name: string, type: keyof typeof types) => ({ name: `${name}_${type}`, type, shape: ['n'] });
    const identity = onnxModel({
      inputs: names.map((type) => value('in', type)),
      outputs: names.map((type) => value('out', type)),
      nodes: names.map((type) => ({ op: 'Identity', inputs: [`in_${type}`], outputs: [`out_${type}`] })),
    });
    await world.addVersion('identity', { 'model.onnx': identity });
    await world.call(servingRpc.create, alice, { name: 'identity', model: 'identity', visibility: 'everyone' });
    const data: Record<string, unknown[]> = { bool: [true, false], string: ['π', ''], double: [0.1, 1e300] };
    const inputs = names.map((type) => ({
      name: `in_${type}`,
      datatype: types[type],
      shape: [2],
      data: data[type] ?? [1, 2],
    }));
    const answer = await infer('identity', { inputs });
    expect(answer.status).toBe(200);
    for (const { name, data: echoed } of answer.body.outputs)
      expect({ name, echoed }).toEqual({ name, echoed: data[name.slice(4)] ?? [1, 2] });
  });

  it('loads weights that lie in a file beside the graph', async () => {
    const model = onnxModel({
      inputs: [{ name: 'x', type: 'float', shape: ['n', 2] }],
      outputs: [{ name: 'y', type: 'float', shape: ['n', 2] }],
      nodes: [{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }],
      constants: [{ name: 'w', type: 'float', shape: [2], data: new Float32Array(), file: 'model.onnx.data' }],
    });
    const weights = Buffer.from(Float32Array.of(10, 20).buffer);
    await world.addVersion('parts', { 'out/model.onnx': model, 'out/model.onnx.data': weights });
    await world.call(servingRpc.create, alice, { name: 'parts', model: 'parts', visibility: 'everyone' });
    expect((await infer('parts', row(1, 2))).body.outputs[0].data).toEqual([11, 22]);
  });

  it("reads no file as weights that is not the version's own", async () => {
    const steals = (file: string) =>
      onnxModel({
        inputs: [{ name: 'x', type: 'float', shape: [1] }],
        outputs: [{ name: 'y', type: 'float', shape: [1] }],
        nodes: [{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }],
        constants: [{ name: 'w', type: 'float', shape: [1], data: new Float32Array(), file }],
      });
    for (const file of ['package.json', '../package.json', '/etc/passwd', 'secret']) {
      const version = await world.addVersion('thief', { 'model.onnx': steals(file), 'other.bin': Buffer.from('1234') });
      const refused = world.call(servingRpc.create, alice, { name: 'thief', model: 'thief', version });
      await expect(refused).rejects.toMatchObject({
        code: 'bad_model',
        message: expect.stringMatching(/external data/i),
      });
    }
  });

  it('runs requests one by one where rows influence each other', async () => {
    const sums = onnxModel({
      inputs: [{ name: 'x', type: 'float', shape: ['n', 3] }],
      outputs: [{ name: 'y', type: 'float', shape: ['n', 3] }],
      nodes: [
        { op: 'ReduceMax', inputs: ['x'], outputs: ['most'], attributes: { axes: [0], keepdims: 1 } },
        { op: 'Add', inputs: ['x', 'most'], outputs: ['y'] },
      ],
    });
    await world.addVersion('sums', { 'model.onnx': sums });
    await world.call(servingRpc.create, alice, { name: 'sums', model: 'sums', visibility: 'everyone' });
    expect((await world.http('GET', '/v2/models/sums/config')).body.max_batch_size).toBe(0);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => infer('sums', row(n, n, n))));
    answers.forEach((answer, n) => expect(answer.body.outputs[0].data).toEqual([2 * n, 2 * n, 2 * n]));
  });

  it('refuses a row that the model itself refuses, and answers the others that ran with it', async () => {
    const lookup = onnxModel({
      inputs: [{ name: 'i', type: 'int64', shape: ['n'] }],
      outputs: [{ name: 'y', type: 'float', shape: ['n'] }],
      nodes: [{ op: 'Gather', inputs: ['table', 'i'], outputs: ['y'] }],
      constants: [{ name: 'table', type: 'float', shape: [4], data: Float32Array.of(10, 11, 12, 13) }],
    });
    await world.addVersion('lookup', { 'model.onnx': lookup });
    await world.call(servingRpc.create, alice, { name: 'lookup', model: 'lookup', visibility: 'everyone' });
    const ask = (index: number) =>
      infer('lookup', { inputs: [{ name: 'i', shape: [1], datatype: 'INT64', data: [index] }] });
    const answers = await Promise.all([0, 1, 99, 2, 3].map(ask));
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 400, 200, 200]);
    expect(answers[3]?.body.outputs[0].data).toEqual([12]);
    expect(answers[2]?.body.error).toContain('out of data bounds');
  });
});

describe('too much at once', () => {
  it('refuses with 503 and Retry-After past its queue, answers the rest, and refuses too large a body', async () => {
    const small = await startWorld({ BATON_SERVING_QUEUE: '4', BATON_SERVING_BODY_LIMIT_BYTES: '100000' });
    try {
      await small.addVersion('slow', { 'model.onnx': mlpModel([4, 1_500, 1_500, 1_500, 4]) });
      await small.call(servingRpc.create, alice, { name: 'slow', model: 'slow', visibility: 'everyone' });
      const ask = () => small.http('POST', '/v2/models/slow/infer', { body: row(1, 2, 3, 4) });
      const answers = await Promise.all(Array.from({ length: 64 }, ask));
      const refused = answers.filter(({ status }) => status === 503);
      expect(refused.length).toBeGreaterThan(0);
      expect(answers.filter(({ status }) => status === 200).length).toBe(64 - refused.length);
      expect(refused[0]?.headers.get('retry-after')).toBe('1');
      const large = await small.http('POST', '/v2/models/slow/infer', { body: ' '.repeat(100_001) });
      expect(large).toMatchObject({ status: 413, body: { error: expect.any(String) } });
    } finally {
      await small.close();
    }
  });
});
