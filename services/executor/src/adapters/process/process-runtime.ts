// Runs attempts as plain processes: each under a small supervisor in a session of its own, which outlives the agent.
import { PlatformError } from '@baton/errors';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Launch, Runtime } from '../../app/ports.ts';
import { type AttemptKey, attemptName, type ProcessIdentity } from '../../domain/journal.ts';
import { parseExitFile, type ProcessEnd } from '../../domain/outcome.ts';
import type { StatePaths } from '../files/attempt-paths.ts';
import { attemptProcesses, isAlive, kill } from './attempt-processes.ts';
import { EndWatch } from './end-watch.ts';
import { findCommand } from './find-command.ts';
import { bootId, processCommand, processStat, uptimeMs } from './proc.ts';

// By the package's name, so that it is found from src/, from dist/ and out of a bundle.
const SUPERVISOR = createRequire(import.meta.url).resolve('@baton/executor/supervisor.sh');
const CLAIM_POLLS = 50;
const CLAIM_POLL_MS = 20;
const CLEAR_POLL_MS = [2, 5, 10, 20, 50, 100];

export class ProcessRuntime implements Runtime {
  readonly bootId = bootId();
  readonly #paths: StatePaths;
  /** setpriv makes the kernel end the command with its supervisor; without it the agent does, a moment later. */
  readonly #launcher: readonly string[];
  readonly #children = new Map<string, ChildProcess>();

  constructor(paths: StatePaths, setpriv: string | null) {
    this.#paths = paths;
    this.#launcher = setpriv === null ? [] : [setpriv, '--pdeathsig', 'KILL', '--'];
  }

  async launch({ key, command, env }: Launch): Promise<ProcessIdentity> {
    const paths = this.#paths.attempt(key);
    const [name = '', ...rest] = command;
    const file = await findCommand(name, env['PATH'] ?? '', paths.work);
    const argv = [SUPERVISOR, paths.root, ...this.#launcher, file, ...rest];
    const child = await started(() =>
      spawn('/bin/sh', argv, { cwd: paths.work, env, detached: true, stdio: 'ignore' }),
    );
    child.unref();
    this.#children.set(attemptName(key), child);
    return this.#identityOf(child.pid ?? 0);
  }

  async recover(key: AttemptKey): Promise<ProcessIdentity | null> {
    const { pid, root } = this.#paths.attempt(key);
    // The supervisor makes the same file before it runs anything: one of the two wins.
    const claimed = await writeFile(pid, 'never\n', { flag: 'wx' }).then(
      () => true,
      (error: NodeJS.ErrnoException) => error.code !== 'EEXIST',
    );
    if (claimed) return null;
    const found = await claimant(pid);
    if (found === null) return null;
    const isSupervisor = processCommand(found).includes(root);
    return isSupervisor
      ? this.#identityOf(found)
      : { pid: found, startTicks: 0, bootId: this.bootId, launchedUptimeMs: 0 };
  }

  async ended(key: AttemptKey, identity: ProcessIdentity): Promise<ProcessEnd> {
    const name = attemptName(key);
    const watch = new EndWatch(this.#paths.attempt(key).run, this.#children.get(name));
    try {
      const end = await watch.until(() => this.#end(key, identity));
      await this.#clear(key, identity);
      return end;
    } finally {
      watch.close();
      this.#children.delete(name);
    }
  }

  signal(key: AttemptKey, identity: ProcessIdentity, signal: 'SIGTERM' | 'SIGKILL'): void {
    if (signal === 'SIGKILL') for (const pid of attemptProcesses(key, identity)) kill(pid, signal);
    else if (isAlive(identity, this.bootId)) kill(-identity.pid, signal);
  }

  ageMs(identity: ProcessIdentity): number {
    return Math.max(0, uptimeMs() - identity.launchedUptimeMs);
  }

  #identityOf(pid: number): ProcessIdentity {
    return { pid, startTicks: processStat(pid)?.startTicks ?? 0, bootId: this.bootId, launchedUptimeMs: uptimeMs() };
  }

  /** The end, or null while the supervisor is still at work. */
  #end(key: AttemptKey, identity: ProcessIdentity): ProcessEnd | null {
    const alive = isAlive(identity, this.bootId);
    // Read after the look at the process: a supervisor writes first and goes then.
    const end = this.#readEnd(key);
    if (end || alive) return end;
    const rebooted = identity.bootId !== this.bootId;
    const words = rebooted
      ? 'The server was restarted while the job ran.'
      : 'The process beside the job was killed, and the job with it.';
    return { kind: 'lost', words };
  }

  #readEnd(key: AttemptKey): ProcessEnd | null {
    const { exit, words } = this.#paths.attempt(key);
    const text = readText(exit);
    return text === '' ? null : parseExitFile(text, readText(words));
  }

  /** Kills what is left, and resolves when nothing is. A process in the kernel's hands can take its time. */
  async #clear(key: AttemptKey, identity: ProcessIdentity): Promise<void> {
    if (identity.bootId !== this.bootId) return;
    for (let round = 0; ; round += 1) {
      const left = attemptProcesses(key, identity);
      if (left.length === 0) return;
      for (const pid of left) kill(pid, 'SIGKILL');
      await delay(CLEAR_POLL_MS[Math.min(round, CLEAR_POLL_MS.length - 1)] ?? 100);
    }
  }
}

async function started(make: () => ChildProcess): Promise<ChildProcess> {
  try {
    const child = make();
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    return child;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'E2BIG') throw error;
    throw new PlatformError(
      'invalid_input',
      'The command and the environment together are longer than the system allows.',
    );
  }
}

/** The process number in the claim; null if an agent made the claim, or nothing was ever written into it. */
async function claimant(path: string): Promise<number | null> {
  for (let poll = 0; poll < CLAIM_POLLS; poll += 1) {
    const text = await readFile(path, 'utf8');
    if (text.endsWith('\n')) return /^\d+\n$/.test(text) ? Number(text) : null;
    await delay(CLAIM_POLL_MS);
  }
  return null;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
