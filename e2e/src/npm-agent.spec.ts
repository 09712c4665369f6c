// The command that `baton node add` prints, through npm, as somebody types it in a checkout on another server.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BatonClient } from '@baton/sdk';
import { killProcessesOf, processesOf, temporaryFolder, type TemporaryFolder } from '@baton/testkit';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ended, shell } from './jobs.ts';
import { startedPlatform, type TestPlatform } from './platform.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const CLI = fileURLToPath(new URL('../../libs/cli/dist/main.js', import.meta.url));
/** npm, the compiler and the bundler have their say first. */
const PATIENCE = { timeout: 180_000, interval: 200 };

let platform: TestPlatform;
let admin: BatonClient;
let folder: TemporaryFolder;
let terminal: ChildProcess | null = null;

beforeAll(async () => {
  ({ platform, admin } = await startedPlatform());
  folder = await temporaryFolder('baton-e2e-npm-');
});
afterAll(async () => {
  // npm and its shell; the agent has a group of its own, and is told by its folder.
  terminal?.kill('SIGKILL');
  await killProcessesOf(folder.path);
  await platform.cleanUp();
  await folder.cleanup();
});

function baton(...args: readonly string[]) {
  const env = { ...process.env, BATON_URL: platform.url, BATON_TOKEN: admin.http.token, NO_COLOR: '1' };
  return spawnSync(process.execPath, [CLI, ...args], { env, encoding: 'utf8' });
}

/** In a shell of its own, that leads a process group as one in a terminal does. */
function type(command: string): { readonly child: ChildProcess; readonly said: () => string } {
  const { PATH = '', HOME = '' } = process.env;
  const env = { PATH, HOME, BATON_AGENT_FOLDER: join(folder.path, 'agent'), BATON_NODE_NAME: 'typed' };
  const child = spawn('/bin/sh', ['-c', command], {
    cwd: REPOSITORY,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return { child, said: () => said };
}

it('joins, runs a job, is drained, stops at Ctrl-C, and is removed', { timeout: 300_000 }, async () => {
  const added = baton('node', 'add');
  expect(added.stdout).toMatch(/^BATON_JOIN=\S+ npm run agent -- http\S+\n$/);
  const { child, said } = type(added.stdout);
  terminal = child;
  await vi.waitFor(async () => {
    if (child.exitCode !== null) throw new Error(`npm ended with ${child.exitCode}:\n${said()}`);
    const found = (await admin.nodes.list()).items.find(({ name }) => name === 'typed');
    expect(found).toMatchObject({ state: 'ready', reachable: true });
  }, PATIENCE);
  expect(said()).toContain(`of ${platform.url}. Its credentials are in ${folder.path}/agent.`);
  const { id } = await admin.jobs.submit({ ...shell('echo from npm'), node: 'typed' });
  expect(await ended(admin, id)).toMatchObject({ state: 'succeeded', attempts: [{ nodeName: 'typed' }] });
  expect(baton('node', 'drain', 'typed', '--wait')).toMatchObject({ status: 0 });
  process.kill(-(child.pid ?? 0), 'SIGINT');
  await once(child, 'exit');
  terminal = null;
  await vi.waitFor(() => expect(processesOf(folder.path)).toEqual([]), PATIENCE);
  expect(baton('node', 'remove', 'typed')).toMatchObject({ status: 0 });
  expect((await admin.nodes.list()).items.map(({ name }) => name)).not.toContain('typed');
});
