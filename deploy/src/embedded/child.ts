// A child process that is started again, with growing pauses, whenever it dies by itself.
import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, closeSync, statSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { forgetProcess, recordProcess } from './process-file.ts';

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 10_000;
/** What has lived so long had come up: its death is no failure to start, and it is started again at once. */
const STEADY_MS = 5_000;
const MAX_LOG_BYTES = 32 * 2 ** 20;

export interface ChildOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly runFolder: string;
  readonly logFolder: string;
  /** Told of every death that was not asked for. */
  readonly onDeath: (name: string, how: string, pauseMs: number) => void;
}

export class Child {
  readonly #options: ChildOptions;
  #process: ChildProcess | null = null;
  #exited: Promise<void> = Promise.resolve();
  #startedAt = 0;
  #stopping = false;
  #pauseMs = FIRST_PAUSE_MS;
  #restart: NodeJS.Timeout | undefined;

  constructor(options: ChildOptions) {
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Since it was started last; 0 while it does not run. */
  get livedMs(): number {
    return this.#process === null ? 0 : performance.now() - this.#startedAt;
  }

  start(): void {
    const { name, command, args, env, runFolder, logFolder } = this.#options;
    const log = openLog(join(logFolder, `${name}.log`));
    const startedAt = performance.now();
    // Its standard input ends when this process does, however it does: the child then stops by itself.
    const child = spawn(command, [...args], {
      env: { ...env, BATON_PARENT: 'stdin' },
      stdio: ['pipe', log, log],
      detached: true,
    });
    closeSync(log);
    this.#process = child;
    this.#startedAt = performance.now();
    if (child.pid !== undefined) recordProcess(runFolder, name, child.pid);
    this.#exited = new Promise((resolve) => {
      child.once('error', (error) => this.#ended(`could not be started: ${error.message}`, startedAt, resolve));
      child.once('exit', (code, signal) =>
        this.#ended(signal ? `was ended by ${signal}` : `exited with code ${code}`, startedAt, resolve),
      );
    });
  }

  #ended(how: string, startedAt: number, resolve: () => void): void {
    if (this.#process === null) return;
    this.#process = null;
    forgetProcess(this.#options.runFolder, this.#options.name);
    resolve();
    if (this.#stopping) return;
    if (performance.now() - startedAt > STEADY_MS) this.#pauseMs = FIRST_PAUSE_MS;
    this.#options.onDeath(this.#options.name, how, this.#pauseMs);
    this.#restart = setTimeout(() => this.start(), this.#pauseMs);
    this.#pauseMs = Math.min(MAX_PAUSE_MS, this.#pauseMs * 2);
  }

  signal(name: NodeJS.Signals): void {
    this.#process?.kill(name);
  }

  /** Asks it to stop and waits; after `graceMs` it is killed. It is not started again. */
  async stop(graceMs: number, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    if (!this.#process) return;
    this.#process.kill(signal);
    const late = setTimeout(() => this.#process?.kill('SIGKILL'), graceMs);
    await this.#exited;
    clearTimeout(late);
  }
}

/** Appends; a log that has grown large becomes `.1`. */
function openLog(path: string): number {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > MAX_LOG_BYTES) renameSync(path, `${path}.1`);
  return openSync(path, 'a', 0o600);
}
