// Runs attempts as plain processes: each under a small supervisor in a session of its own, which outlives the agent.
import type { Rendezvous } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Grant, Launch, Runtime } from '../../app/ports.ts';
import { type AttemptKey, attemptName, type ProcessIdentity } from '../../domain/journal.ts';
import { parseExitFile, type ProcessEnd } from '../../domain/outcome.ts';
import type { StatePaths } from '../files/attempt-paths.ts';
import type { Tools } from '../files/tools.ts';
import { afterwards } from './afterwards.ts';
import { isAlive, kill, mayBeTorn, membersOf } from './attempt-processes.ts';
import { carriedEnvironment } from './carried-environment.ts';
import type { Cgroups } from './cgroups.ts';
import { EndWatch } from './end-watch.ts';
import { findCommand } from './find-command.ts';
import { Gates } from './gates.ts';
import type { JobUser } from './job-user.ts';
import type { LaunchCommand, Launcher } from './launcher.ts';
import { MemoryWatch } from './memory-watch.ts';
import type { Priorities } from './priorities.ts';
import { bootId, processCommand, processStat, uptimeMs } from './proc.ts';

const LEASE_OVER =
  'The scheduler did not answer this node for longer than the lease: the job was ended, to be started elsewhere.';
const READY_POLL_MS = 4;
const READY_MS = 30_000;
/** So long it gives way to everything else; where jobs leave no processor idle it would never be ready. */
const IDLE_MS = 30;
const CLEAR_POLL_MS = [1, 2, 5, 10, 20, 50, 100] as const;

export interface ProcessRuntimeParts {
  readonly paths: StatePaths;
  readonly tools: Tools;
  readonly priorities: Priorities;
  /** Where its own tools are looked for, whatever the job's PATH is. */
  readonly path: string;
  /** It makes the kernel end the command with its supervisor; without it the agent does, a moment later. */
  readonly setpriv: string | null;
  /** null: who belongs to an attempt is read from /proc. */
  readonly cgroups: Cgroups | null;
  /** null: jobs run as the agent's own user. */
  readonly jobUser: JobUser | null;
  /** null: the agent forks itself. */
  readonly launcher: Launcher | null;
}

export class ProcessRuntime implements Runtime {
  readonly bootId = bootId();
  readonly #paths: StatePaths;
  readonly #tools: Tools;
  readonly #priorities: Priorities;
  readonly #path: string;
  readonly #setpriv: string | null;
  readonly #cgroups: Cgroups | null;
  readonly #jobUser: JobUser | null;
  readonly #launcher: Launcher | null;
  readonly #children = new Map<string, ChildProcess>();
  readonly #gates: Gates;

  constructor({ paths, tools, priorities, path, setpriv, cgroups, jobUser, launcher }: ProcessRuntimeParts) {
    this.#paths = paths;
    this.#tools = tools;
    this.#path = path;
    this.#setpriv = setpriv;
    this.#cgroups = cgroups;
    this.#priorities = priorities;
    this.#jobUser = jobUser;
    this.#launcher = launcher;
    this.#gates = new Gates((key) => paths.attempt(key));
  }

  /** The node has all that a process needs. */
  async prepare(): Promise<void> {}

  async arm({ key, command, env, early, isBehind, isLeased, limits }: Launch): Promise<ProcessIdentity> {
    const paths = this.#paths.attempt(key);
    const [name = '', ...rest] = command;
    const file = await findCommand(name, env['PATH'] ?? '', paths.work);
    const groups = this.#cgroups?.create(key, limits).join(':') ?? '';
    if (isBehind && !early) this.#cgroups?.setIdle(key, true);
    if (limits.memoryBytes > 0) writeFileSync(paths.memoryLimit, String(limits.memoryBytes));
    const waiter = [...this.#prefix(key), '/bin/sh', this.#tools.waiter, paths.ready, file, ...rest];
    const supervisor = [this.#tools.supervisor, paths.root, groups, isLeased ? this.#paths.lease : ''];
    const environment = early ? { ...env, BATON_TAKE_FD: '3', BATON_TAKEN_FILE: paths.taken } : env;
    const argv = ['/bin/sh', ...supervisor, ...waiter];
    const carried = carriedEnvironment(environment, this.#path);
    const pid = await this.#start(key, { argv, cwd: paths.work, env: carried });
    this.#priorities.begun(pid, isBehind && !early);
    const identity = this.#identityOf(pid);
    await this.#waits(key, identity);
    return identity;
  }

  async #start(key: AttemptKey, command: LaunchCommand): Promise<number> {
    const launcher = this.#launcher;
    if (launcher !== null && (await launcher.takes(command))) {
      const pid = await launcher.launch(command);
      if (pid !== null) return pid;
      await this.discard(key, null);
      throw new PlatformError('unavailable', 'The shell that starts processes on the node was killed.');
    }
    const [file = '', ...args] = command.argv;
    const { cwd, env } = command;
    const child = await started(() => spawn(file, args, { cwd, env, detached: true, stdio: 'ignore' }));
    child.unref();
    this.#children.set(attemptName(key), child);
    return child.pid ?? 0;
  }

  /** What stands before the command. */
  #prefix({ jobId }: AttemptKey): readonly string[] {
    const options = ['--pdeathsig', 'KILL'];
    if (this.#jobUser !== null) return this.#jobUser.launcher(jobId, options);
    return this.#setpriv === null ? [] : [this.#setpriv, ...options, '--'];
  }

  /** Until the process says that it waits, or is no more: then its end will tell. */
  async #waits(key: AttemptKey, identity: ProcessIdentity): Promise<void> {
    const { ready } = this.#paths.attempt(key);
    const begun = performance.now();
    const isWaitedFor = () => !existsSync(ready) && this.isAlive(identity);
    while (isWaitedFor() && performance.now() - begun < IDLE_MS) await delay(READY_POLL_MS);
    this.#cgroups?.setIdle(key, false);
    while (isWaitedFor() && performance.now() - begun < READY_MS) await delay(READY_POLL_MS);
    this.#priorities.ready([identity.pid, ...this.#members(key, identity)]);
    this.#gates.prepare(key);
  }

  go(key: AttemptKey, devices: readonly string[], rendezvous?: Rendezvous | null): void {
    this.#gates.go(key, devices, rendezvous);
  }

  granted(key: AttemptKey): Grant | null {
    return this.#gates.granted(key);
  }

  takenAt(key: AttemptKey): number | null {
    return this.#gates.takenAt(key);
  }

  isAlive(identity: ProcessIdentity): boolean {
    return isAlive(identity, this.bootId);
  }

  async discard(key: AttemptKey, identity: ProcessIdentity | null): Promise<void> {
    this.#gates.close(key);
    const found = identity ?? this.#strayOf(key);
    if (found === null) return;
    if (this.isAlive(found)) kill(found.pid, 'SIGKILL');
    await this.#clear(key, found);
    // Killed as well, and like any process gone a moment later.
    while (this.isAlive(found)) await delay(CLEAR_POLL_MS[0]);
  }

  #members(key: AttemptKey, identity: ProcessIdentity): number[] {
    return membersOf(this.#cgroups, key, identity);
  }

  /** A job that lived on without what the kernel took has not run out of it. */
  #ranOutOfMemory(key: AttemptKey, end: ProcessEnd): boolean {
    const endedWell = end.kind === 'exited' && end.code === 0;
    return !endedWell && (this.#cgroups?.ranOutOfMemory(key) ?? false);
  }

  /** Null where the kernel holds it to its limit, or there is none. */
  #watchMemory(key: AttemptKey, identity: ProcessIdentity): MemoryWatch | null {
    if (this.#cgroups?.canLimit('memory') === true) return null;
    const limitBytes = Number(readText(this.#paths.attempt(key).memoryLimit));
    return limitBytes > 0 ? new MemoryWatch({ limitBytes, members: () => this.#members(key, identity) }) : null;
  }

  forget(key: AttemptKey): void {
    this.#cgroups?.remove(key);
  }

  stamped(identity: ProcessIdentity): ProcessIdentity {
    return { ...identity, launchedUptimeMs: uptimeMs() };
  }

  /** The supervisor of which the journal does not know: the agent was killed between the two. */
  #strayOf(key: AttemptKey): ProcessIdentity | null {
    const { pid, root } = this.#paths.attempt(key);
    const number = Number(readText(pid));
    return number > 0 && processCommand(number).includes(root) ? this.#identityOf(number) : null;
  }

  async ended(key: AttemptKey, identity: ProcessIdentity): Promise<ProcessEnd> {
    const name = attemptName(key);
    const watch = new EndWatch(this.#paths.attempt(key).exit, this.#children.get(name));
    const memory = this.#watchMemory(key, identity);
    try {
      const end = await watch.until(() => this.#end(key, identity));
      memory?.stop();
      await this.#clear(key, identity);
      const isOut = memory?.hasKilled === true || this.#ranOutOfMemory(key, end);
      return isOut ? { kind: 'out-of-memory' } : end;
    } finally {
      memory?.stop();
      this.#children.delete(name);
      this.#gates.close(key);
      afterwards(() => watch.close());
    }
  }

  signal(key: AttemptKey, identity: ProcessIdentity, signal: 'SIGTERM' | 'SIGKILL'): void {
    if (signal === 'SIGKILL') for (const pid of this.#members(key, identity)) kill(pid, signal);
    else if (this.isAlive(identity)) kill(-identity.pid, signal);
  }

  ageMs(identity: ProcessIdentity): number {
    return Math.max(0, uptimeMs() - identity.launchedUptimeMs);
  }

  #identityOf(pid: number): ProcessIdentity {
    return { pid, startTicks: processStat(pid)?.startTicks ?? 0, bootId: this.bootId, launchedUptimeMs: uptimeMs() };
  }

  /** The end, or null while the supervisor is still at work. */
  #end(key: AttemptKey, identity: ProcessIdentity): ProcessEnd | null {
    if (mayBeTorn(identity, this.bootId, this.#paths.attempt(key)))
      return { kind: 'lost', words: this.#whyLost(key, identity) };
    const seen = this.#readEnd(key);
    if (seen || this.isAlive(identity)) return seen;
    // Read again after the look at the process: a supervisor writes first and goes then.
    const end = this.#readEnd(key);
    if (end) return end;
    return { kind: 'lost', words: this.#whyLost(key, identity) };
  }

  #whyLost(key: AttemptKey, identity: ProcessIdentity): string {
    if (identity.bootId !== this.bootId) return 'The server was restarted while the job ran.';
    if (existsSync(this.#paths.attempt(key).leaseOver)) return LEASE_OVER;
    return 'The process beside the job was killed, and the job with it.';
  }

  #readEnd(key: AttemptKey): ProcessEnd | null {
    const { exit, words, leaseOver } = this.#paths.attempt(key);
    const text = readText(exit);
    // Most of what is heard of is no end.
    const end = text.includes('done') ? parseExitFile(text, () => readText(words)) : null;
    return end !== null && existsSync(leaseOver) ? { kind: 'lost', words: LEASE_OVER } : end;
  }

  /** Kills what is left, and resolves when nothing is. A process in the kernel's hands can take its time. */
  async #clear(key: AttemptKey, identity: ProcessIdentity): Promise<void> {
    if (identity.bootId !== this.bootId) return;
    for (let round = 0; ; round += 1) {
      const left = this.#members(key, identity);
      if (left.length === 0) break;
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
