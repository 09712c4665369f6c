// The agent of a second server, as `npm run agent` runs it under systemd: started again whenever it dies.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { BatonClient } from '@baton/sdk';
import { killProcessesOf, removeControlGroups } from '@baton/testkit';

const AGENT = fileURLToPath(new URL('../../dist/bundle/agent.js', import.meta.url));
const RESTART_MS = 100;
const JOIN_MS = 30_000;

export interface JoinedAgent {
  /** null while none runs. */
  readonly pid: number | null;
  /** Not started again while `work` is under way. */
  downDuring<T>(work: () => Promise<T>): Promise<T>;
  /** For good, with its jobs. */
  destroy(): Promise<void>;
}

export interface JoinedAgentOptions {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Words before the agent's own. */
  readonly prefix: readonly string[];
}

/** Resolves when the platform has heard of it. Its log is beside the folder. */
export async function joinAgent(client: BatonClient, options: JoinedAgentOptions): Promise<JoinedAgent> {
  mkdirSync(options.folder, { recursive: true });
  const { token } = await client.nodes.add({ name: 'joined' });
  const agent = new Respawned(options);
  agent.start(['join', client.http.base], { BATON_JOIN: token });
  const deadline = performance.now() + JOIN_MS;
  for (;;) {
    const { items } = await client.nodes.list();
    const node = items.find(({ name, reachable }) => name === 'joined' && reachable);
    if (node) {
      agent.nodeId = node.id;
      return agent;
    }
    if (performance.now() > deadline) {
      await agent.destroy();
      throw new Error(`The second agent did not join; see ${logOf(options)}.`);
    }
    await sleep(50);
  }
}

function logOf({ folder }: JoinedAgentOptions): string {
  return `${folder}.log`;
}

class Respawned implements JoinedAgent {
  readonly #options: JoinedAgentOptions;
  #child: ChildProcess | null = null;
  #isDown = false;
  /** Once it has joined. */
  nodeId: string | null = null;

  constructor(options: JoinedAgentOptions) {
    this.#options = options;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  start(args: readonly string[] = [], more: Readonly<Record<string, string>> = {}): void {
    if (this.#isDown || this.#child !== null) return;
    const { PATH = '', HOME = '' } = process.env;
    const { folder, env, prefix } = this.#options;
    const log = openSync(logOf(this.#options), 'a');
    const [command = '', ...words] = [...prefix, process.execPath, AGENT, ...args];
    const child = spawn(command, words, {
      cwd: folder,
      env: {
        PATH,
        HOME,
        BATON_AGENT_FOLDER: join(folder, 'agent'),
        BATON_NODE_NAME: 'joined',
        ...env,
        ...more,
      },
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    this.#child = child;
    // A run that is interrupted leaves nobody behind.
    const killWithUs = (): void => void child.kill('SIGKILL');
    process.once('exit', killWithUs);
    child.once('exit', () => {
      process.off('exit', killWithUs);
      this.#child = null;
      setTimeout(() => this.start(), RESTART_MS);
    });
  }

  async downDuring<T>(work: () => Promise<T>): Promise<T> {
    this.#isDown = true;
    try {
      return await work();
    } finally {
      this.#isDown = false;
      this.start();
    }
  }

  async destroy(): Promise<void> {
    this.#isDown = true;
    this.#child?.kill('SIGKILL');
    await killProcessesOf(this.#options.folder);
    if (this.nodeId !== null) removeControlGroups(this.nodeId);
  }
}
