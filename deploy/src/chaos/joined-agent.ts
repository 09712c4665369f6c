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
  /** For good, with its jobs. */
  destroy(): Promise<void>;
}

/** Resolves when the platform has heard of it. */
export async function joinAgent(
  client: BatonClient,
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<JoinedAgent> {
  mkdirSync(folder, { recursive: true });
  const { token } = await client.nodes.add({ name: 'joined' });
  const agent = new Respawned(folder, env);
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
      throw new Error(`The second agent did not join; see ${join(folder, 'agent.log')}.`);
    }
    await sleep(50);
  }
}

class Respawned implements JoinedAgent {
  readonly #folder: string;
  readonly #env: Readonly<Record<string, string>>;
  #child: ChildProcess | null = null;
  #isOver = false;
  /** Once it has joined. */
  nodeId: string | null = null;

  constructor(folder: string, env: Readonly<Record<string, string>>) {
    this.#folder = folder;
    this.#env = env;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  start(args: readonly string[] = [], more: Readonly<Record<string, string>> = {}): void {
    if (this.#isOver) return;
    const { PATH = '', HOME = '' } = process.env;
    const log = openSync(join(this.#folder, 'agent.log'), 'a');
    const child = spawn(process.execPath, [AGENT, ...args], {
      cwd: this.#folder,
      env: {
        PATH,
        HOME,
        BATON_AGENT_FOLDER: join(this.#folder, 'agent'),
        BATON_NODE_NAME: 'joined',
        ...this.#env,
        ...more,
      },
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    this.#child = child;
    child.once('exit', () => {
      this.#child = null;
      setTimeout(() => this.start(), RESTART_MS);
    });
  }

  async destroy(): Promise<void> {
    this.#isOver = true;
    this.#child?.kill('SIGKILL');
    await killProcessesOf(this.#folder);
    if (this.nodeId !== null) removeControlGroups(this.nodeId);
  }
}
