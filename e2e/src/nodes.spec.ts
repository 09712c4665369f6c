// A second server joins by the command that an admin is given, runs jobs, is drained, removed, and comes in no more.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NodeView } from '@baton/contracts';
import type { BatonClient } from '@baton/sdk';
import { killProcessesOf, temporaryFolder, type TemporaryFolder } from '@baton/testkit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ended, shell, untilReleased, untilState } from './jobs.ts';
import { inviteUser } from './people.ts';
import { startedPlatform, type TestPlatform } from './platform.ts';
import { problem, sender } from './rest.ts';

const AGENT = fileURLToPath(new URL('../../deploy/dist/bundle/agent.js', import.meta.url));
const CLI = fileURLToPath(new URL('../../libs/cli/dist/main.js', import.meta.url));
const PATIENCE = { timeout: 60_000, interval: 50 };

let platform: TestPlatform;
let admin: BatonClient;
let folder: TemporaryFolder;
let agent: Server | null = null;
let nodeId: string;

beforeAll(async () => {
  ({ platform, admin } = await startedPlatform());
  folder = await temporaryFolder('baton-e2e-agent-');
});
afterAll(async () => {
  await agent?.stop();
  await killProcessesOf(folder.path);
  await platform.cleanUp();
  await folder.cleanup();
});

interface Server {
  readonly process: ChildProcess;
  readonly output: () => string;
  stop(): Promise<number | null>;
}

/** What `npm run agent` starts, with nothing of the platform's own settings. */
function startAgent(args: readonly string[], env: Readonly<Record<string, string>> = {}): Server {
  const { PATH = '', HOME = '' } = process.env;
  const own = { PATH, HOME, BATON_AGENT_FOLDER: join(folder.path, 'agent'), BATON_NODE_NAME: 'second' };
  const child = spawn(process.execPath, [AGENT, ...args], {
    cwd: folder.path,
    env: { ...own, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return {
    process: child,
    output: () => output,
    stop: async () => {
      child.kill('SIGTERM');
      return exitCode(child);
    },
  };
}

async function exitCode(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

function baton(...args: readonly string[]) {
  const env = { ...process.env, BATON_URL: platform.url, BATON_TOKEN: admin.http.token, NO_COLOR: '1' };
  const { stdout, stderr, status } = spawnSync(process.execPath, [CLI, ...args], { env, encoding: 'utf8' });
  return { stdout, stderr, status };
}

/** `BATON_JOIN=<token> npm run agent -- <url>`, as a shell takes it apart. */
function parsed(command: string): { token: string; url: string } {
  const [, token = '', url = ''] = /^BATON_JOIN=(\S+) npm run agent -- (\S+)\n$/.exec(command) ?? [];
  return { token, url };
}

const shown = (expected: Partial<NodeView>, id = nodeId) =>
  vi.waitFor(async () => expect(await admin.nodes.get(id)).toMatchObject(expected), PATIENCE);

/** A heartbeat of before its start does not count. */
async function heardAgain(started: Server): Promise<Server> {
  const startedAt = Date.now();
  await vi.waitFor(async () => expect((await admin.nodes.get(nodeId)).lastSeenAt).toBeGreaterThan(startedAt), PATIENCE);
  return started;
}

describe('a second server', () => {
  let token: string;

  it('joins by the command that the admin is given, and keeps its credentials to itself', async () => {
    const added = baton('node', 'add');
    expect(added.status).toBe(0);
    expect(added.stderr).toMatch(/It works once, and expires in 24 h/);
    const command = parsed(added.stdout);
    token = command.token;
    expect(command.url).toBe(platform.url);
    agent = startAgent(['join', command.url], { BATON_JOIN: token });
    nodeId = await vi.waitFor(async () => {
      const found = (await admin.nodes.list()).items.find(({ name }) => name === 'second');
      expect(found).toMatchObject({ state: 'ready' });
      return found?.id ?? '';
    }, PATIENCE);
    const credentials = join(folder.path, 'agent', 'credentials.json');
    expect(statSync(credentials).mode & 0o077).toBe(0);
    expect(readFileSync(credentials, 'utf8')).toContain(nodeId);
  });

  it('lets nobody else in with that token', async () => {
    const stranger = startAgent(['join', platform.url, token], { BATON_AGENT_FOLDER: join(folder.path, 'stranger') });
    expect(await exitCode(stranger.process)).toBe(1);
    expect(stranger.output()).toMatch(/The join token is not valid: .*used/);
  });

  it('runs jobs, with their data and artifacts though it has no part in the blob folder', async () => {
    const data = join(platform.files, 'numbers.txt');
    writeFileSync(data, '1 2 3\n'.repeat(10_000));
    await admin.datasets.create({ name: 'numbers' });
    const { uploadId } = await admin.upload(data);
    await admin.datasets.addVersion('numbers', { uploads: [uploadId] });
    const script = 'cd "$BATON_DATASET_DIR/numbers" && wc -l < numbers.txt && cp numbers.txt "$BATON_OUTPUT_DIR"/';
    const { id } = await admin.jobs.submit({ ...shell(script), datasets: [{ dataset: 'numbers' }], node: 'second' });
    const job = await ended(admin, id);
    expect(job.attempts.map((attempt) => attempt.nodeName)).toEqual(['second']);
    expect([job.state, job.message]).toEqual(['succeeded', expect.anything()]);
    expect(await admin.jobs.logs(id)).toContain('10000');
    const artifact = Buffer.from(await (await admin.jobs.artifact(id, 'numbers.txt')).arrayBuffer());
    const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
    expect(sha256(artifact)).toBe(sha256(readFileSync(data)));
  });

  it('finds itself again after a restart, also by the command that it joined with', async () => {
    expect(await agent?.stop()).toBe(0);
    agent = await heardAgain(startAgent([]));
    expect(await agent.stop()).toBe(0);
    agent = await heardAgain(startAgent(['join', platform.url], { BATON_JOIN: token }));
  });

  it('finds the platform again after its restart, with the job that ran meanwhile', { timeout: 60_000 }, async () => {
    const release = join(folder.path, 'release');
    const { id } = await admin.jobs.submit({ ...untilReleased(['echo', 'begun'], release), node: 'second' });
    await untilState(admin, id, 'running');
    expect(await platform.stop()).toBe(0);
    await platform.start();
    await shown({ state: 'ready' });
    writeFileSync(release, '');
    expect(await ended(admin, id)).toMatchObject({ state: 'succeeded', attempts: [{ attempt: 1 }] });
  });

  it('keeps what a job leaves while the platform is away, until it can be stored', { timeout: 60_000 }, async () => {
    const release = join(folder.path, 'release-away');
    const over = join(folder.path, 'over-away');
    const script = `while [ ! -e ${release} ]; do sleep 0.05; done; echo weights > "$BATON_OUTPUT_DIR/weights"; echo done; touch ${over}`;
    const { id } = await admin.jobs.submit({ ...shell(script), node: 'second' });
    await untilState(admin, id, 'running');
    expect(await platform.stop()).toBe(0);
    writeFileSync(release, '');
    await vi.waitFor(() => statSync(over), PATIENCE);
    await vi.waitFor(() => expect(agent?.output()).toContain('the artifacts can not be stored now'), PATIENCE);
    await platform.start();
    const job = await ended(admin, id);
    expect(job).toMatchObject({ state: 'succeeded', message: 'Exited with code 0.' });
    expect(await (await admin.jobs.artifact(id, 'weights')).text()).toBe('weights\n');
    expect(job.attempts[0]?.result?.output?.stdout?.sizeBytes).toBe('done\n'.length);
  });
});

describe('an admin', () => {
  it('alone handles nodes', async () => {
    const rest = sender(await inviteUser(admin, 'Uma'));
    for (const [method, path] of [
      ['POST', '/api/v1/nodes'],
      ['POST', '/api/v1/nodes/second/cordon'],
      ['POST', '/api/v1/nodes/second/drain'],
      ['POST', '/api/v1/nodes/second/uncordon'],
      ['DELETE', '/api/v1/nodes/second'],
    ] as const) {
      const body = method === 'POST' ? { body: {} } : {};
      expect(await rest(path, { method, ...body })).toMatchObject(problem(403, 'forbidden'));
    }
  });

  it('keeps jobs from a node and sees who did it and why', async () => {
    expect(baton('node', 'cordon', 'second', '--reason', 'a fan is loud').status).toBe(0);
    const { id } = await admin.jobs.submit({ ...shell('echo done'), node: 'second' });
    await vi.waitFor(async () => {
      expect(await admin.jobs.get(id)).toMatchObject({ state: 'queued', waiting: { code: 'node-cordoned' } });
    }, PATIENCE);
    const text = baton('node', 'show', 'second').stdout;
    expect(text).toMatch(/cordoned +by admin@example.com, just now/);
    expect(text).toMatch(/reason +a fan is loud/);
    expect(baton('node', 'list').stdout).toMatch(/second +cordoned .*a fan is loud/);
    expect(baton('node', 'uncordon', 'second').status).toBe(0);
    expect(await ended(admin, id)).toMatchObject({ state: 'succeeded' });
  });

  it('drains a node: what runs goes on to its end, and the command waits for it', async () => {
    const release = join(folder.path, 'release-drained');
    const { id } = await admin.jobs.submit({ ...untilReleased(['echo', 'begun'], release), node: 'second' });
    await untilState(admin, id, 'running');
    expect(baton('node', 'drain', 'second').stdout).toMatch(/1 job is on it/);
    expect(await admin.jobs.get(id)).toMatchObject({ state: 'running' });
    expect(baton('node', 'remove', 'second')).toMatchObject({ status: expect.any(Number) as number });
    await shown({ state: 'draining' });
    writeFileSync(release, '');
    expect(baton('node', 'drain', 'second', '--wait').stdout).toMatch(/has no jobs/);
    expect(await admin.jobs.get(id)).toMatchObject({ state: 'succeeded' });
    await shown({ state: 'cordoned' });
  });

  it('removes a node, whose credentials are good for nothing from then on', async () => {
    const own = JSON.parse(readFileSync(join(folder.path, 'agent', 'credentials.json'), 'utf8')) as { secret: string };
    const agentToken = `bag_${nodeId.slice(4)}_${own.secret}`;
    const blob = { method: 'HEAD', headers: { authorization: `Bearer ${agentToken}` } };
    const path = `/api/v1/blobs/${'0'.repeat(64)}`;
    expect((await fetch(`${platform.url}${path}`, blob)).status).toBe(404);
    expect(baton('node', 'remove', 'second').stdout).toMatch(/is removed/);
    expect((await admin.nodes.list()).items.map(({ name }) => name)).not.toContain('second');
    await vi.waitFor(async () => expect((await fetch(`${platform.url}${path}`, blob)).status).toBe(401), PATIENCE);
    await vi.waitFor(
      () => expect(agent?.output()).toMatch(/refuses the credentials of this node: was it removed/),
      PATIENCE,
    );
    await agent?.stop();
    agent = startAgent([]);
    await vi.waitFor(() => expect(agent?.output()).toMatch(/refuses these credentials/), PATIENCE);
    expect((await admin.nodes.list()).items.map(({ name }) => name)).not.toContain('second');
  });
});
