// Runs attempts in containers: created and started while they wait, so that the word to go costs what it costs a process.
// The container's first process is a supervisor's stand-in that leaves the exit status on disk: neither the start nor the end of a
// job asks the daemon, which may be down for either.
import type { Rendezvous } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { Container } from 'dockerode';
import { existsSync } from 'node:fs';
import type { Grant, Launch, PrepareOptions, Reporter, Runtime } from '../../app/ports.ts';
import { type AttemptKey, attemptName, type ProcessIdentity } from '../../domain/journal.ts';
import { parseExitFile, type ProcessEnd } from '../../domain/outcome.ts';
import type { StatePaths } from '../files/attempt-paths.ts';
import type { Tools } from '../files/tools.ts';
import { isAlive, kill, mayBeTorn } from '../process/attempt-processes.ts';
import { afterwards } from '../process/afterwards.ts';
import { EndWatch } from '../process/end-watch.ts';
import { Gates } from '../process/gates.ts';
import { bootId, processStat, uptimeMs } from '../process/proc.ts';
import { type ContainerUser, makeShared, readInside } from './container-files.ts';
import { containerName, containerOptions } from './container-options.ts';
import { containerProcesses } from './container-processes.ts';
import { Containers } from './containers.ts';
import { DockerDaemon } from './docker-daemon.ts';
import { type FoundImage, Images } from './images.ts';
import { notStarted, silentEnd } from './start-failures.ts';

const READY_POLL_MS = 2;
const READY_MS = 30_000;
const CLEAR_POLL_MS = [1, 2, 5, 10, 20, 50, 100];

export interface DockerRuntimeOptions {
  readonly socket: string;
  readonly nodeId: string;
  readonly paths: StatePaths;
  readonly tools: Tools;
  readonly user: ContainerUser;
  /** How long a daemon that is down is waited for. */
  readonly waitMs: number;
  /** The journal's attempts: containers of others are removed. */
  readonly known: () => readonly AttemptKey[];
  readonly reporter: Reporter;
}

export class DockerRuntime implements Runtime {
  readonly bootId = bootId();
  readonly #options: DockerRuntimeOptions;
  readonly #daemon: DockerDaemon;
  readonly #containers: Containers;
  readonly #images: Images;
  readonly #gates: Gates;
  /** Whose first process this agent has ended: no riddle when it is gone without a word. */
  readonly #killed = new Set<string>();
  /** Armed by this agent without a limit on memory: the daemon need not be asked whether they ran into it. */
  readonly #unlimited = new Set<string>();

  private constructor(options: DockerRuntimeOptions, daemon: DockerDaemon) {
    const { paths } = options;
    this.#options = options;
    this.#daemon = daemon;
    this.#containers = new Containers(daemon, options);
    this.#images = new Images(daemon);
    this.#gates = new Gates((key) => {
      const { granted, taken, inside } = paths.attempt(key);
      return { granted, taken, go: inside.go };
    });
  }

  static async open(options: DockerRuntimeOptions): Promise<DockerRuntime> {
    const runtime = new DockerRuntime(options, await DockerDaemon.at(options.socket, options.waitMs));
    runtime.#containers.sweep(options.known);
    return runtime;
  }

  async prepare(
    spec: { readonly environment: Launch['environment'] } & AttemptKey,
    options: PrepareOptions,
  ): Promise<void> {
    const { image = '' } = spec.environment;
    const { id, digest } = await this.#images.ensure(image, options);
    const { jobId, attempt } = spec;
    this.#options.reporter.info({ jobId, attempt, image, id, digest }, 'the image of an attempt is there');
  }

  async arm(launch: Launch): Promise<ProcessIdentity> {
    const { key } = launch;
    const { paths, nodeId, user, tools } = this.#options;
    const image = await this.#imageOf(launch);
    await makeShared(paths, key, user);
    const options = containerOptions({
      launch,
      image,
      nodeId,
      paths,
      tools,
      user: `${user.uid}:${user.gid}`,
    });
    try {
      const container = await this.#containers.start(options);
      const identity = await this.#identify(key, container);
      await this.#waits(key, identity);
      if (launch.limits.memoryBytes === 0) this.#unlimited.add(attemptName(key));
      return identity;
    } catch (error) {
      await this.#containers.remove(containerName(attemptName(key)), 0);
      throw notStarted(launch, error);
    }
  }

  async #imageOf({ environment: { image = '' } }: Launch): Promise<FoundImage> {
    const found = await this.#images.find(image);
    if (found !== null) return found;
    throw new PlatformError('unavailable', `The image ${image} is not on the node any more.`);
  }

  async #identify(key: AttemptKey, container: Container): Promise<ProcessIdentity> {
    const { State, Id } = await this.#daemon.ask(() => container.inspect());
    const startTicks = processStat(State.Pid)?.startTicks;
    // It has ended already, or it is in another world of processes than the agent.
    if (!State.Running || startTicks === undefined) throw await this.#neverWaited(key);
    return { pid: State.Pid, startTicks, bootId: this.bootId, launchedUptimeMs: uptimeMs(), container: Id };
  }

  async #waits(key: AttemptKey, identity: ProcessIdentity): Promise<void> {
    const { ready } = this.#options.paths.attempt(key);
    const deadline = performance.now() + READY_MS;
    while (!existsSync(ready)) {
      if (!this.isAlive(identity) || performance.now() > deadline) throw await this.#neverWaited(key);
      await delay(READY_POLL_MS);
    }
    this.#gates.prepare(key);
  }

  async #neverWaited(key: AttemptKey): Promise<PlatformError> {
    const said = await this.#containers.output(containerName(attemptName(key)));
    return silentEnd(this.#readEnd(key), said);
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
    if (identity !== null) await this.#clear(identity);
    await this.#containers.remove(containerName(attemptName(key)));
  }

  stamped(identity: ProcessIdentity): ProcessIdentity {
    return { ...identity, launchedUptimeMs: uptimeMs() };
  }

  ageMs(identity: ProcessIdentity): number {
    return Math.max(0, uptimeMs() - identity.launchedUptimeMs);
  }

  async ended(key: AttemptKey, identity: ProcessIdentity): Promise<ProcessEnd> {
    const watch = new EndWatch(this.#options.paths.attempt(key).inside.exit, undefined);
    try {
      const end = await watch.until(() => this.#end(key, identity));
      await this.#clear(identity, true);
      const isClear = end.kind !== 'lost' && this.#unlimited.has(attemptName(key));
      if (isClear || (end.kind === 'exited' && end.code === 0)) return end;
      return await this.#explained(key, identity, end);
    } finally {
      afterwards(() => watch.close());
      this.#gates.close(key);
    }
  }

  signal(key: AttemptKey, identity: ProcessIdentity, signal: 'SIGTERM' | 'SIGKILL'): void {
    if (!this.isAlive(identity)) return;
    // The first process leads a group that its children are in, and handles what is sent to that.
    if (signal === 'SIGTERM') return void kill(-identity.pid, signal);
    const others = containerProcesses(identity.pid);
    for (const pid of others) kill(pid, signal);
    // It writes down how the command ended, and goes by itself; where there is nothing left to wait for, it is stuck.
    if (others.length > 0 || this.#readEnd(key) !== null) return;
    this.#killed.add(attemptName(key));
    kill(identity.pid, signal);
  }

  forget(key: AttemptKey): void {
    this.#killed.delete(attemptName(key));
    this.#unlimited.delete(attemptName(key));
    void this.#containers.remove(containerName(attemptName(key)));
  }

  /** Null while it is at work; `lost` where it went without writing down how the command ended. */
  #end(key: AttemptKey, identity: ProcessIdentity): ProcessEnd | null {
    const alive = this.isAlive(identity);
    // Read after the look at the process: it writes first and goes then.
    const end = mayBeTorn(identity, this.bootId, this.#options.paths.attempt(key)) ? null : this.#readEnd(key);
    if (end || alive) return end;
    return this.#killed.has(attemptName(key)) ? { kind: 'signalled', signal: 'SIGKILL' } : { kind: 'lost', words: '' };
  }

  #readEnd(key: AttemptKey): ProcessEnd | null {
    const { exit, words } = this.#options.paths.attempt(key).inside;
    const text = readInside(exit);
    return text === '' ? null : parseExitFile(text, () => readInside(words));
  }

  /** Whether its memory ran out, and what became of it where it left no word, only the daemon knows. */
  async #explained(key: AttemptKey, identity: ProcessIdentity, end: ProcessEnd): Promise<ProcessEnd> {
    if (identity.bootId !== this.bootId && end.kind === 'lost')
      return { kind: 'lost', words: 'The server was restarted while the job ran.' };
    const told = await this.#containers.lastState(containerName(attemptName(key)), end.kind === 'lost');
    if (told.ranOutOfMemory) return { kind: 'out-of-memory' };
    return end.kind === 'lost' ? { kind: 'lost', words: told.words } : end;
  }

  /**
   * Ends all that is left, and resolves when nothing is. The kernel ends what the first process leaves behind before that is gone. One
   * that is about to go by itself is let go first: docker takes seconds to notice the end of one that is killed at that moment.
   */
  async #clear(identity: ProcessIdentity, goesByItself = false): Promise<void> {
    for (let round = 0; this.isAlive(identity); round += 1) {
      if (!goesByItself || round >= CLEAR_POLL_MS.length) kill(identity.pid, 'SIGKILL');
      await delay(CLEAR_POLL_MS[Math.min(round, CLEAR_POLL_MS.length - 1)] ?? 100);
    }
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
