// What runs on a node beside its agent: supervisors with the processes of jobs, and the files that they leave. They survive the agent,
// die with the node's power, and remember who had which device.
import { type AttemptKey, attemptName, type Grant, type ProcessEnd } from '@baton/executor/core';
import type { Cancellable, Kernel, Machine } from '../kernel/kernel.ts';

export interface JobProcess {
  readonly key: AttemptKey;
  readonly pid: number;
  readonly bootId: string;
  readonly behaviour: Behaviour;
  /** It ends when the node's lease is over. */
  readonly isLeased: boolean;
  state: 'waiting' | 'running' | 'leaving' | 'gone';
  devices: readonly string[];
  /** Its exit file. */
  end: ProcessEnd | null;
  /** What it left is on disk: its end counts after a power cut, too. */
  isSettled: boolean;
  /** The power went before it was. */
  isEndLost: boolean;
  /** Tells it that the agent would hear of it now. */
  readonly watchers: Set<() => void>;
  ending: Cancellable | null;
}

/** As `lease-guard.sh` does. */
const GUARD_LOOKS_MS = 2_000;

export interface Guard {
  readonly isLeased: boolean;
  /** Broken on purpose. */
  readonly isMissing: boolean;
}

export interface Behaviour {
  readonly runMs: number;
  readonly exitCode: number;
  readonly ignoresTerm: boolean;
}

/** What the checks want to know. */
export interface ProcessWitness {
  started(node: string, process: JobProcess, running: readonly JobProcess[]): void;
  signalled(node: string, process: JobProcess): void;
}

export class JobProcesses {
  readonly kernel: Kernel;
  readonly machine: Machine;
  readonly #witness: ProcessWitness;
  readonly #processes = new Map<string, JobProcess>();
  /** The files that say who was let go. */
  readonly #granted = new Map<string, Grant>();
  /** The lease's file: until when, and of which boot. */
  #lease = { untilMs: -Infinity, bootId: '' };
  #boots = 1;
  #pids = 100;

  constructor(kernel: Kernel, machine: Machine, witness: ProcessWitness) {
    this.kernel = kernel;
    this.machine = machine;
    this.#witness = witness;
  }

  get bootId(): string {
    return `${this.machine.name}-boot-${this.#boots}`;
  }

  get running(): JobProcess[] {
    return [...this.#processes.values()].filter(({ state }) => state === 'running' || state === 'leaving');
  }

  find(key: AttemptKey): JobProcess | undefined {
    return this.#processes.get(attemptName(key));
  }

  isAlive({ pid, bootId }: { readonly pid: number; readonly bootId: string }): boolean {
    return [...this.#processes.values()].some(
      (process) => process.pid === pid && process.bootId === bootId && process.state !== 'gone',
    );
  }

  renewLease(untilMs: number): void {
    this.#lease = { untilMs, bootId: this.bootId };
  }

  get #hasLease(): boolean {
    return this.#lease.bootId === this.bootId && this.kernel.now < this.#lease.untilMs;
  }

  /** A supervisor, with a process that waits for the word, and a guard beside it where it runs by lease. */
  spawn(key: AttemptKey, behaviour: Behaviour, guard: Guard): JobProcess {
    const process = this.#spawn(key, behaviour, guard.isLeased);
    if (guard.isLeased && !guard.isMissing) this.#guard(process);
    return process;
  }

  #guard(process: JobProcess): void {
    if (process.state === 'gone' || process.bootId !== this.bootId) return;
    if (this.#hasLease) this.kernel.after(GUARD_LOOKS_MS, () => this.#guard(process));
    else this.#leave(process, { kind: 'lost', words: 'The lease is over.' });
  }

  #spawn(key: AttemptKey, behaviour: Behaviour, isLeased: boolean): JobProcess {
    const process: JobProcess = {
      key,
      pid: (this.#pids += 1),
      bootId: this.bootId,
      behaviour,
      isLeased,
      state: 'waiting',
      devices: [],
      end: null,
      isSettled: false,
      isEndLost: false,
      watchers: new Set(),
      ending: null,
    };
    this.#processes.set(attemptName(key), process);
    return process;
  }

  granted(key: AttemptKey): Grant | null {
    return this.#granted.get(attemptName(key)) ?? null;
  }

  /** Writes it down, and says the word, of which a process reads one. */
  letGo(key: AttemptKey, devices: readonly string[], isWrittenDown: boolean): void {
    const name = attemptName(key);
    const at = this.kernel.wallClock(this.machine);
    if (isWrittenDown && !this.#granted.has(name)) this.#granted.set(name, { devices, at });
    const process = this.#processes.get(name);
    if (process?.state !== 'waiting') return;
    const running = this.running;
    process.state = 'running';
    process.devices = devices;
    this.#witness.started(this.machine.name, process, running);
    const { runMs, exitCode } = process.behaviour;
    process.ending = this.kernel.after(runMs, () => this.#leave(process, { kind: 'exited', code: exitCode }));
  }

  signal(key: AttemptKey, signal: 'SIGTERM' | 'SIGKILL'): void {
    const process = this.#processes.get(attemptName(key));
    if (process === undefined || process.state === 'gone') return;
    this.#witness.signalled(this.machine.name, process);
    if (signal === 'SIGTERM' && process.behaviour.ignoresTerm && process.state === 'running') return;
    if (process.state === 'leaving') return;
    this.kernel.after(this.kernel.between(0, 30), () => this.#leave(process, { kind: 'signalled', signal }));
  }

  /** Its supervisor is killed: the job dies with it, and nobody writes how. */
  killSupervisor(process: JobProcess): void {
    this.#leave(process, null);
  }

  settle(key: AttemptKey): void {
    const process = this.#processes.get(attemptName(key));
    if (process !== undefined && process.bootId === this.bootId) process.isSettled = true;
  }

  /** The process ends; its children a moment later. */
  #leave(process: JobProcess, end: ProcessEnd | null): void {
    if (process.state === 'gone' || process.state === 'leaving' || process.bootId !== this.bootId) return;
    if (process.ending !== null) process.ending.cancelled = true;
    process.end = end;
    process.state = process.state === 'running' ? 'leaving' : 'gone';
    const isLeaving = process.state === 'leaving';
    this.#tell(process);
    this.kernel.after(isLeaving ? this.kernel.between(0, 20) : 0, () => this.#gone(process));
  }

  #gone(process: JobProcess): void {
    if (process.bootId !== this.bootId) return;
    process.state = 'gone';
    this.#tell(process);
  }

  #tell(process: JobProcess): void {
    for (const watcher of process.watchers) watcher();
  }

  /** All processes die; a file that was not synced may be empty afterwards. */
  powerCut(): void {
    this.#boots += 1;
    for (const process of this.#processes.values()) {
      if (process.end !== null && !process.isSettled) process.isEndLost = true;
      if (process.state === 'gone') continue;
      if (process.ending !== null) process.ending.cancelled = true;
      process.state = 'gone';
    }
    for (const name of this.#granted.keys()) if (this.kernel.chance(0.5)) this.#granted.delete(name);
  }
}
