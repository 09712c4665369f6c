// A second server of a test's platform: an agent of its own on this machine, which has joined with a token.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { BatonClient } from '@baton/sdk';
import { killProcessesOf, RELEASE, removeControlGroups, temporaryFolder, type TemporaryFolder } from '@baton/testkit';
import { vi } from 'vitest';

const PATIENCE = { timeout: 60_000, interval: 50 };

type Environment = Readonly<Record<string, string>>;

export class SecondNode {
  readonly #admin: BatonClient;
  readonly #folder: TemporaryFolder;
  #agent: ChildProcess;
  readonly #env: Environment;
  #nodeId = '';

  private constructor(admin: BatonClient, folder: TemporaryFolder, agent: ChildProcess, env: Environment) {
    this.#admin = admin;
    this.#folder = folder;
    this.#agent = agent;
    this.#env = env;
  }

  /** Called `second`; it is there when this resolves. */
  static async join(
    admin: BatonClient,
    url: string,
    env: Environment = {},
    release: string = RELEASE,
  ): Promise<SecondNode> {
    const folder = await temporaryFolder('baton-e2e-second-');
    const { token } = await admin.nodes.add({ name: 'second' });
    const agent = startAgent(folder.path, [join(release, 'agent.js'), 'join', url], { ...env, BATON_JOIN: token });
    const node = new SecondNode(admin, folder, agent, env);
    await node.heard();
    return node;
  }

  get id(): string {
    return this.#nodeId;
  }

  /** Of its agent and its jobs, and for the test's own files. */
  get folder(): string {
    return this.#folder.path;
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#agent.kill(signal);
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.#agent.exitCode !== null || this.#agent.signalCode !== null) return;
    this.#agent.kill(signal);
    await once(this.#agent, 'exit');
  }

  /** Resolves when it is heard again. */
  async startAgain(release: string = RELEASE): Promise<void> {
    const since = Date.now();
    this.#agent = startAgent(this.#folder.path, [join(release, 'agent.js')], this.#env);
    await this.heard(since);
  }

  /** A heartbeat of before does not count. */
  async heard(since = 0): Promise<void> {
    await vi.waitFor(async () => {
      const found = (await this.#admin.nodes.list()).items.find(({ name }) => name === 'second');
      if (found?.state !== 'ready' || (found.lastSeenAt ?? 0) <= since)
        throw new Error('The second node is not heard.');
      this.#nodeId = found.id;
    }, PATIENCE);
  }

  /** Ends its agent, stopped or not, and its jobs; before the platform is cleaned up. */
  async end(): Promise<void> {
    await this.stop('SIGKILL');
    await killProcessesOf(this.#folder.path);
    removeControlGroups(this.#nodeId);
    await this.#folder.cleanup();
  }
}

function startAgent(folder: string, args: readonly string[], env: Environment): ChildProcess {
  const { PATH = '', HOME = '' } = process.env;
  const own = { PATH, HOME, BATON_AGENT_FOLDER: join(folder, 'agent'), BATON_NODE_NAME: 'second' };
  return spawn(process.execPath, args, { cwd: folder, env: { ...own, ...env }, stdio: 'ignore' });
}
