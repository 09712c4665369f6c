// The command as people and scripts use it, against the real platform.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, readdir, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { EmbeddedPlatform, TemporaryFolder } from '@baton/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BIN, type CommandLine, startCommandLine } from './testing/command-line.ts';

let commandLine: CommandLine;
let folder: TemporaryFolder;
let platform: EmbeddedPlatform;
let env: CommandLine['env'];

const start = (args: readonly string[], input = '') => commandLine.start(args, input);
const baton = (...args: readonly string[]) => start(args).ended;
/** Of a command that is to succeed. */
async function json<T = Record<string, unknown>>(...args: readonly string[]): Promise<T> {
  const { code, out, err } = await start([...args, '--json']).ended;
  expect({ code, err }).toMatchObject({ code: 0 });
  return JSON.parse(out) as T;
}
const runDetached = async (...args: readonly string[]) => (await baton('run', '-d', ...args)).out.trim();
async function stateOf(id: string): Promise<string> {
  return (await json<{ state: string }>('job', 'show', id)).state;
}

beforeAll(async () => {
  commandLine = await startCommandLine();
  ({ folder, platform, env } = commandLine);
});
afterAll(() => commandLine.stop());

describe('logging in', () => {
  it('keeps the token where only its owner reads it', async () => {
    const config = join(folder.path, 'config', 'baton', 'config.json');
    expect((await stat(config)).mode & 0o777).toBe(0o600);
    expect(await json('whoami')).toMatchObject({ email: 'ada@example.com', role: 'admin', url: platform.url });
  });
  it('refuses a wrong password with exit code 3', async () => {
    const { code, out, err } = await start(
      ['login', '--email', 'ada@example.com', '--password-stdin'],
      'wrong password',
    ).ended;
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toMatch(/^baton: .+\n$/);
  });
  it('says where it is not logged in, with exit code 3', async () => {
    const child = spawn(process.execPath, [BIN, 'job', 'list', '--json'], {
      env: { ...env, BATON_URL: 'http://127.0.0.1:9' },
    });
    const [err] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    expect(child.exitCode).toBe(3);
    expect(JSON.parse(err)).toMatchObject({
      error: { exitCode: 3, message: expect.stringContaining('baton login --url http://127.0.0.1:9') },
    });
  });
});

describe('datasets', () => {
  it('come back with the bytes that were sent, folders and all', async () => {
    const source = join(folder.path, 'flowers');
    await mkdir(join(source, 'node_modules'), { recursive: true });
    await writeFile(join(source, 'a.bin'), Buffer.from([0, 255, 10, 13]));
    await writeFile(join(source, 'node_modules', 'kept.txt'), 'a dataset is sent as it is');
    await writeFile(join(source, 'run.sh'), '#!/bin/sh\n');
    await chmod(join(source, 'run.sh'), 0o755);
    expect(await json('dataset', 'upload', source, '--name', 'flowers')).toMatchObject({
      version: 1,
      isNew: true,
      manifest: { fileCount: 3 },
    });
    expect(await json('dataset', 'download', 'flowers@1', '--to', 'copy')).toMatchObject({
      fileCount: 3,
      unchangedCount: 0,
    });
    for (const name of ['a.bin', 'node_modules/kept.txt', 'run.sh']) {
      expect(await readFile(join(folder.path, 'copy', name))).toEqual(await readFile(join(source, name)));
    }
    expect((await stat(join(folder.path, 'copy', 'run.sh'))).mode & 0o100).toBe(0o100);
    expect(await json('dataset', 'download', 'flowers', '--to', 'copy')).toMatchObject({ unchangedCount: 3 });
  });
  it('go on where an interrupted upload was', async () => {
    const path = join(folder.path, 'large.bin');
    await writeFile(path, '');
    await truncate(path, 96 * 2 ** 20);
    const uploads = join(folder.path, 'state', 'baton', 'uploads');
    const first = start(['dataset', 'upload', path, '--name', 'large']);
    await expect
      .poll(
        () =>
          readdir(uploads).then(
            (names) => names.length,
            () => 0,
          ),
        { interval: 5 },
      )
      .toBe(1);
    first.child.kill('SIGINT');
    expect(await first.ended).toMatchObject({ code: 130, err: expect.stringContaining('goes on where it is') });
    const [name = ''] = await readdir(uploads);
    const url = await readFile(join(uploads, name), 'utf8');
    expect(await json('dataset', 'upload', path, '--name', 'large')).toMatchObject({
      version: 1,
      manifest: { sizeBytes: 96 * 2 ** 20 },
    });
    expect(await json('dataset', 'show', 'large')).toMatchObject({
      versions: [{ uploads: [{ uploadId: url.split('/').at(-1) }] }],
    });
    expect(await readdir(uploads)).toEqual([]);
  });
  it('that are not there end with exit code 4', async () => {
    expect(await baton('dataset', 'show', 'nothing')).toMatchObject({ code: 4, out: '' });
    expect(await baton('dataset', 'show', 'flowers@9')).toMatchObject({ code: 4, out: '' });
  });
});

describe('a run', () => {
  it('shows the output of a folder’s code, and ends as the job ends', async () => {
    const code = join(folder.path, 'greet');
    await mkdir(code);
    await writeFile(
      join(code, 'greet.sh'),
      'cat "$BATON_DATASET_DIR/flowers/a.bin" | wc -c; echo step=1 loss=0.5; echo step=2 loss=0.25; echo hm >&2; echo w > "$BATON_OUTPUT_DIR/w.txt"\n',
    );
    const {
      code: exitCode,
      out,
      err,
    } = await baton('run', code, '--dataset', 'flowers', '--name', 'greeting', '--', 'sh', 'greet.sh');
    expect({ exitCode, out: out.split('\n').toSorted() }).toEqual({
      exitCode: 0,
      out: ['', '4', 'hm', 'step=1 loss=0.5', 'step=2 loss=0.25'],
    });
    expect(err).toContain('is greet@1 now (1 file)');
    expect(err).toContain('greeting succeeded');
    expect((await baton('run', code, '--', 'true')).err).toContain('is greet@1, as before');
  });
  it('that fails ends with exit code 1, and streams JSON lines when asked to', async () => {
    const { code, out } = await baton('run', '--json', '--', 'sh', '-c', 'echo so; exit 3');
    const events = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string });
    expect(code).toBe(1);
    expect(events[0]).toMatchObject({ type: 'submitted' });
    expect(events).toContainEqual(expect.objectContaining({ type: 'log', output: 'stdout', text: 'so\n' }));
    expect(events.at(-1)).toMatchObject({ type: 'state', state: 'failed' });
  });
  it('without the two dashes is a wrong command line', async () => {
    expect(await baton('run', 'greet', 'sh', 'greet.sh')).toMatchObject({
      code: 2,
      err: expect.stringContaining('baton run greet -- sh greet.sh'),
    });
  });
  it('that no node can ever hold, or with unknown fields, is refused with exit code 5 and pointers', async () => {
    expect(await baton('run', '--gpus', '64', '--', 'true')).toMatchObject({
      code: 5,
      err: expect.stringContaining('/resources'),
    });
    const { code, err } = await start(['job', 'submit', '-f', '-', '--json'], 'command: ["true"]\ncolour: red\n').ended;
    expect({ code, ...(JSON.parse(err) as object) }).toMatchObject({
      code: 5,
      error: { issues: [{ pointer: '/colour' }] },
    });
  });
  it('lets go of its job at Ctrl-C, and the job goes on', async () => {
    const run = start([
      'run',
      '--name',
      'patient',
      '--',
      'sh',
      '-c',
      'echo begun; while [ ! -e stop ]; do sleep 0.1; done',
    ]);
    await once(run.child.stdout as NodeJS.ReadableStream, 'readable');
    run.child.kill('SIGINT');
    const { code, err } = await run.ended;
    expect(code).toBe(130);
    expect(err).toContain('the job goes on');
    expect(await stateOf('patient')).toBe('running');
    const waiting = await runDetached('--name', 'second', '--', 'true');
    expect((await baton('job', 'list', '--active')).out).toMatch(/second +assigned .+in the line of its node/);
    expect(await json('job', 'show', waiting)).toMatchObject({
      state: 'assigned',
      waiting: { code: 'staged-behind', position: 1 },
    });
    expect(await baton('job', 'wait', 'second', '--timeout', '0.2')).toMatchObject({ code: 124 });
    expect(await baton('job', 'cancel', waiting, 'patient', 'nobody')).toMatchObject({
      code: 4,
      out: `${waiting} is being cancelled.\npatient is being cancelled.\n`,
    });
    expect(await baton('job', 'wait', 'patient', waiting)).toMatchObject({ code: 8 });
    expect(await stateOf('patient')).toBe('cancelled');
  });
});

describe('a job that is over', () => {
  it('is found by name and by the beginning of its id', async () => {
    const { id } = await json<{ id: string }>('job', 'show', 'greeting');
    expect(await json('job', 'show', id.slice(0, 12))).toMatchObject({ id, state: 'succeeded' });
    expect(await json<object[]>('job', 'list', '--name', 'greeting')).toMatchObject([{ id }]);
    expect((await baton('job', 'show', id)).out).toMatch(/code +greet@1\ndatasets +flowers@1:flowers/);
  });
  it('shows its output, metrics, events and artifacts', async () => {
    expect((await baton('job', 'logs', 'greeting', '--output', 'stderr')).out).toBe('hm\n');
    expect((await baton('job', 'logs', '-f', 'greeting', '--output', 'stdout')).out).toContain('step=2 loss=0.25\n');
    expect(await json<object[]>('job', 'metrics', 'greeting')).toMatchObject([
      { step: 1, values: { loss: 0.5 } },
      { step: 2, values: { loss: 0.25 } },
    ]);
    expect((await baton('job', 'metrics', 'greeting')).out).toMatch(/loss 0\.25 at 2\n *0\.5 ┤/);
    expect((await baton('job', 'events', 'greeting')).out).toMatch(/JobSubmitted[^]+JobSucceeded/);
    expect(await json<object[]>('job', 'artifacts', 'greeting')).toMatchObject([{ path: 'w.txt', sizeBytes: 2 }]);
    expect(await baton('job', 'artifacts', 'greeting', '--download', 'art')).toMatchObject({ code: 0 });
    expect(await readFile(join(folder.path, 'art', 'w.txt'), 'utf8')).toBe('w\n');
    expect(await baton('job', 'artifacts', 'greeting', '--file', 'w.txt', '--to', '-')).toMatchObject({ out: 'w\n' });
    expect(await baton('job', 'artifacts', 'greeting', '--archive', 'all.zip')).toMatchObject({ code: 0 });
    expect((await readFile(join(folder.path, 'all.zip'))).subarray(0, 4).toString('latin1')).toBe('PK\u0003\u0004');
    expect(await baton('job', 'artifacts', 'greeting', '--file', 'none')).toMatchObject({ code: 4 });
    expect(await baton('job', 'artifacts', 'greeting', '--list', '--archive', 'a.zip')).toMatchObject({ code: 2 });
    expect(await baton('job', 'checkpoints', 'greeting')).toMatchObject({ code: 4 });
  });
  it('runs again as it was', async () => {
    const { id } = await json<{ id: string }>('job', 'rerun', 'greeting');
    expect(await json<object[]>('job', 'wait', id)).toMatchObject([
      { id, state: 'succeeded', spec: { code: { version: 1 } } },
    ]);
  });
  it('that never was ends with exit code 4', async () => {
    expect(await baton('job', 'show', `job_${'a'.repeat(26)}`)).toMatchObject({ code: 4, out: '' });
    expect(await baton('job', 'logs', 'nobody')).toMatchObject({ code: 4, out: '' });
  });
});

describe('accounts', () => {
  it('hold secrets that reach a job and not its log', async () => {
    expect(await start(['secret', 'set', 'KEY'], 'open-sesame\n').ended).toMatchObject({ code: 0 });
    const { out } = await baton('run', '--secret', 'KEY', '--', 'sh', '-c', 'echo "$KEY" | wc -c; echo "$KEY"');
    expect(out).toContain('12\n');
    expect(out).not.toContain('open-sesame');
    expect((await json<{ name: string }[]>('secret', 'list')).map(({ name }) => name)).toEqual(['KEY']);
    expect(await json('secret', 'delete', 'KEY')).toHaveProperty('revision');
  });
  it('make tokens that work until they are revoked', async () => {
    const created = await json<{ id: string; token: string }>('token', 'create', 'ci');
    const asProgram = () => {
      const child = spawn(process.execPath, [BIN, 'whoami', '--json'], { env: { ...env, BATON_TOKEN: created.token } });
      return once(child, 'exit').then(([code]: unknown[]) => code);
    };
    expect(await asProgram()).toBe(0);
    expect(await json('token', 'revoke', created.id)).toMatchObject({ id: created.id });
    await expect.poll(asProgram).toBe(3);
  });
  it('are no longer used after logging out', async () => {
    expect(await baton('logout')).toMatchObject({ code: 0 });
    expect(await baton('whoami')).toMatchObject({ code: 3, out: '' });
  });
});
