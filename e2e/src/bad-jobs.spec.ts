// Jobs, models and archives that are broken: the failure is named, and the platform goes on.
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BatonClient } from '@baton/sdk';
import { scaleModel } from '@baton/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, shell } from './jobs.ts';
import { startedPlatform, type TestPlatform } from './platform.ts';
import { trainingPython } from './python.ts';
import { type Answer, problem, send as sendRaw, sender, type Sent } from './rest.ts';

const MIB = 2 ** 20;
const python = trainingPython();

let platform: TestPlatform;
let admin: BatonClient;
let send: (path: string, sent?: Sent) => Promise<Answer>;

beforeAll(async () => {
  ({ platform, admin } = await startedPlatform());
  send = sender(admin);
});
afterAll(() => platform.cleanUp());

function fileOf(name: string, content: string | Uint8Array): string {
  const path = join(platform.files, name);
  writeFileSync(path, content);
  return path;
}
const uploaded = async (path: string) => (await admin.upload(path)).uploadId;

describe('training jobs', () => {
  it('says which script is missing, with the exit code and the last lines', async () => {
    const job = await run(admin, { command: ['python', 'train.py'], environment: { python } });
    expect(job).toMatchObject({ state: 'failed', counters: { userFailures: 1, infrastructureLosses: 0 } });
    expect(job.attempts).toMatchObject([{ result: { reason: 'exited', exitCode: 2 } }]);
    expect(job.attempts[0]?.result?.lastLines.join('\n')).toContain("can't open file");
  });

  it('says that a command is not there', async () => {
    const job = await run(admin, { command: ['no-such-program'] });
    expect(job).toMatchObject({ state: 'failed', attempts: [{ result: { reason: 'bad-input' } }] });
    expect(job.message).toContain('no-such-program');
  });

  it('gives the exit code and the traceback of a script that crashes', async () => {
    const script = "print('epoch=1 loss=0.5', flush=True)\nraise ValueError('the labels are gone')";
    const job = await run(admin, { command: ['python', '-c', script], environment: { python } });
    const { result } = job.attempts[0] ?? {};
    expect(result).toMatchObject({ reason: 'exited', exitCode: 1, finalMetrics: { loss: 0.5 } });
    expect(result?.lastLines.at(-1)).toBe('ValueError: the labels are gone');
    expect(await admin.jobs.logs(job.id)).toContain('Traceback (most recent call last)');
  });

  it('retries a script that crashes as often as was asked, and no more', async () => {
    const job = await run(admin, shell('exit 3', { retries: 1 }));
    expect(job).toMatchObject({ state: 'failed', counters: { userFailures: 2 } });
    expect(job.attempts.map(({ result }) => result?.exitCode)).toEqual([3, 3]);
  });

  it('names the signal that ended a job', async () => {
    const job = await run(admin, shell('kill -SEGV $$'));
    expect(job.attempts).toMatchObject([{ result: { reason: 'signalled', signal: 'SIGSEGV' } }]);
  });

  it('keeps binary garbage byte for byte', async () => {
    const job = await run(admin, {
      command: ['python', '-c', 'import os; os.write(1, bytes(range(256)) * 64)'],
      environment: { python },
    });
    expect(job.state).toBe('succeeded');
    const response = await admin.http.raw('GET', `/jobs/${job.id}/logs`);
    const expected = Buffer.from(Array.from({ length: 256 * 64 }, (_, index) => index % 256));
    expect(Buffer.from(await response.arrayBuffer()).equals(expected)).toBe(true);
    // What people and programs read as text stays readable.
    expect((await send(`/api/v1/jobs/${job.id}`)).status).toBe(200);
  });

  it('keeps 10 MB on one line whole, and reads the metrics after it', async () => {
    const script = "print('x' * 10_000_000)\nprint('epoch=1 loss=0.25')";
    const job = await run(admin, { command: ['python', '-c', script], environment: { python } });
    expect(job).toMatchObject({ state: 'succeeded', attempts: [{ result: { finalMetrics: { loss: 0.25 } } }] });
    const log = await admin.jobs.logs(job.id);
    expect(log.length).toBe(10_000_001 + 'epoch=1 loss=0.25\n'.length);
    expect(log.endsWith('xxx\nepoch=1 loss=0.25\n')).toBe(true);
    // What stands in the event log is bounded.
    expect(JSON.stringify(job).length).toBeLessThan(64 * 1_024);
  });

  it('never stops for a metric that is no number', async () => {
    const job = await run(admin, shell('echo loss=nan; echo loss=; echo loss=1e999; echo epoch=2 loss=0.5'));
    expect(job).toMatchObject({ state: 'succeeded', attempts: [{ result: { finalMetrics: { loss: 0.5 } } }] });
  });
});

describe('archives', () => {
  beforeAll(async () => void (await admin.datasets.create({ name: 'archives' })));

  const refused = async (path: string) => {
    const body = { uploads: [await uploaded(path)] };
    const answer = await send('/api/v1/datasets/archives/versions', { body });
    expect((await admin.datasets.get('archives')).versions).toEqual([]);
    return answer;
  };

  it.each([
    ['a path out of the folder', ['--transform', 's,^inside,../outside,']],
    ['an absolute path', ['--transform', 's,^inside,/tmp/baton-e2e-escaped,']],
  ])('refuses an archive with %s', async (_what, options) => {
    fileOf('inside', 'content');
    const path = join(platform.files, 'escaping.tar');
    execFileSync('tar', ['-P', '-cf', path, '-C', platform.files, ...options, 'inside']);
    expect(await refused(path)).toMatchObject(problem(422, 'bad_archive'));
  });

  it('refuses an archive with a link out of its folder', async () => {
    const folder = join(platform.files, 'linking');
    mkdirSync(folder);
    symlinkSync('/etc/passwd', join(folder, 'link'));
    const path = join(platform.files, 'linking.tar.gz');
    execFileSync('tar', ['-czf', path, '-C', folder, 'link']);
    expect(await refused(path)).toMatchObject(problem(422, 'bad_archive'));
  });

  it('refuses an archive that explodes, without filling the disk first', async () => {
    const path = join(platform.files, 'bomb.tar.gz');
    // 112 MiB of zeros: more than a thousand to one.
    const bomb = `head -c ${112 * MIB} /dev/zero > zeros && tar -cf - zeros | gzip -9 > ${path} && rm zeros`;
    execFileSync('/bin/sh', ['-c', bomb], { cwd: platform.files });
    expect(await refused(path)).toMatchObject(
      problem(422, 'bad_archive', { detail: expect.stringContaining('times') }),
    );
  });

  it('refuses what is cut off, and what is only named like an archive', async () => {
    const whole = join(platform.files, 'whole.tar.gz');
    fileOf('inside', 'content '.repeat(10_000));
    execFileSync('tar', ['-czf', whole, '-C', platform.files, 'inside']);
    const cut = join(platform.files, 'cut.tar.gz');
    execFileSync('/bin/sh', ['-c', `head -c 100 ${whole} > ${cut}`]);
    expect(await refused(cut)).toMatchObject(problem(422, 'bad_archive'));
    expect(await refused(fileOf('text.zip', 'this is no archive'))).toMatchObject(problem(422, 'bad_archive'));
  });

  it('refuses uploads that nobody made, by their pointer', async () => {
    const answer = await send('/api/v1/datasets/archives/versions', { body: { uploads: ['f'.repeat(32)] } });
    expect(answer).toMatchObject(problem(404, 'not_found', { errors: [{ pointer: '/uploads/0' }] }));
  });
});

describe('models and inference', () => {
  const infer = (body: object | string) =>
    sendRaw(platform.servingUrl, '/v2/models/scale/infer', { token: admin.http.token, body });
  const input = (more: object) => ({
    inputs: [{ name: 'x', shape: [1, 3], datatype: 'FP32', data: [1, 2, 3], ...more }],
  });

  beforeAll(async () => {
    for (const name of ['scale', 'broken', 'code']) await admin.models.create({ name });
    const version = async (name: string, file: string, content: string | Uint8Array) =>
      admin.models.addVersion(name, { uploads: [await uploaded(fileOf(file, content))] });
    await version('scale', 'scale.onnx', scaleModel(2, 3));
    await version('broken', 'broken.onnx', 'this is no model');
    await version('code', 'train.py', 'print(1)');
    await admin.endpoints.create({ name: 'scale', model: 'scale' });
  });

  it('makes no endpoint of ONNX that does not parse, of code, or of what is not there', async () => {
    const create = (model: string) => send('/api/v1/endpoints', { body: { name: 'refused', model } });
    expect(await create('broken')).toMatchObject(problem(422, 'bad_model'));
    expect(await create('code')).toMatchObject(problem(422, 'bad_model'));
    expect(await create('nothing')).toMatchObject(problem(404, 'not_found'));
    expect((await admin.endpoints.list()).items.map(({ name }) => name)).toEqual(['scale']);
  });

  it('goes on serving the old version when the new one does not load', async () => {
    await admin.models.addVersion('scale', { uploads: [await uploaded(fileOf('scale.onnx', 'broken'))] });
    const update = await send('/api/v1/endpoints/scale', { method: 'PATCH', body: { version: 2 } });
    expect(update).toMatchObject(problem(422, 'bad_model'));
    expect((await infer(input({}))).json).toMatchObject({ model_version: '1', outputs: [{ data: [2, 4, 6] }] });
  });

  it.each([
    ['name', { name: 'z' }],
    ['shape', { shape: [1, 2], data: [1, 2] }],
    ['rank', { shape: [3] }],
    ['type', { datatype: 'INT64' }],
    ['length', { data: [1, 2] }],
    ['element', { data: [1, 'two', 3] }],
  ])('answers a tensor of the wrong %s with 400 and says what is wrong', async (_what, more) => {
    const answer = await infer(input(more));
    expect(answer).toMatchObject({ status: 400, json: { error: expect.stringMatching(/x|z/) } });
    expect((await infer(input({}))).status).toBe(200);
  });

  it('answers an unknown endpoint with 404, a missing token with 401 and broken JSON with 400', async () => {
    const unknown = await sendRaw(platform.servingUrl, '/v2/models/nothing/infer', {
      token: admin.http.token,
      body: input({}),
    });
    expect(unknown).toMatchObject({ status: 404, json: { error: expect.any(String) } });
    expect((await sendRaw(platform.servingUrl, '/v2/models/scale/infer', { body: input({}) })).status).toBe(401);
    expect((await infer('{"inputs": [')).status).toBe(400);
  });
});

it('still works after all of this', async () => {
  expect(Object.keys(platform.parts()).toSorted()).toEqual(['agent', 'control', 'nats-server', 'serving']);
  expect(platform.output).not.toContain('started again');
  expect(await run(admin, shell('exit 0'))).toMatchObject({ state: 'succeeded' });
});
