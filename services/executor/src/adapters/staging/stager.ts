// Runs staging operations in threads of low priority, which end when there is nothing more to do.
import { PlatformError } from '@baton/errors';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Pace } from '../../app/blob-source.ts';
import { DiskPressure } from './disk-pressure.ts';
import { SharedPace } from './pace.ts';
import type { StageOperation } from './stage-operations.ts';
import { StageState } from './stage-state.ts';
import type { StageAnswer, StageRequest, StageWorkerData } from './stage-worker.ts';

const WORKER = new URL(import.meta.url.endsWith('.ts') ? './stage-worker.ts' : './stage-worker.js', import.meta.url);
const IDLE_MS = 5_000;
const LOOK_MS = 200;
const HEAP_MB = 128;
/** What is left of the rate while the disks are busy: a job that waits for them already shall not wait much longer. */
const UNDER_PRESSURE = 1 / 4;

export interface StagerOptions {
  readonly ionice: string | null;
  /** Bytes a second while a job runs on this node; a quarter of it while its disks are busy. */
  readonly busyBytesPerSecond: number | null;
  /** The same while none does; null: no bound. */
  readonly idleBytesPerSecond: number | null;
  /** Whether a job runs on this node. */
  readonly busy: () => boolean;
}

export interface StageRun {
  readonly signal: AbortSignal;
  /** How many bytes have passed so far. */
  readonly onBytes?: (bytes: number) => void;
}

export class Stager implements Pace {
  readonly #pace = new SharedPace();
  readonly #pressure = new DiskPressure();
  readonly #options: StagerOptions;
  readonly #idle: Worker[] = [];
  #running = 0;
  #paceTimer: NodeJS.Timeout | null = null;

  constructor(options: StagerOptions) {
    this.#options = options;
    this.#setPace();
  }

  /**
   * Gives the bytes newly taken on the disk. `storage_full`, `digest_mismatch` (`detail` is the digest), `not_found` for a source that
   * is not there (`detail` is its path), `invalid_input` for files that get into each other's way; the reason of `signal`.
   */
  async run(operation: StageOperation, { signal, onBytes }: StageRun): Promise<number> {
    signal.throwIfAborted();
    const state = new StageState();
    const stop = () => state.stop();
    const look = setInterval(() => onBytes?.(state.passedBytes), LOOK_MS);
    signal.addEventListener('abort', stop);
    try {
      return resultOf(await this.#paced(() => this.#ask({ operation, state: state.memory })), signal);
    } finally {
      clearInterval(look);
      signal.removeEventListener('abort', stop);
    }
  }

  take(bytes: number, signal: AbortSignal): Promise<void> {
    this.#setPace();
    return this.#pace.take(bytes, signal);
  }

  /** The threads look at the pace; it is kept up to date while one is at work. */
  async #paced<T>(work: () => Promise<T>): Promise<T> {
    this.#running += 1;
    this.#setPace();
    this.#paceTimer ??= setInterval(() => this.#setPace(), LOOK_MS);
    try {
      return await work();
    } finally {
      this.#running -= 1;
      if (this.#running === 0 && this.#paceTimer !== null) {
        clearInterval(this.#paceTimer);
        this.#paceTimer = null;
      }
    }
  }

  #setPace(): void {
    const { busy, busyBytesPerSecond, idleBytesPerSecond } = this.#options;
    if (!busy()) this.#pace.set(idleBytesPerSecond);
    else if (busyBytesPerSecond === null || !this.#pressure.isHigh()) this.#pace.set(busyBytesPerSecond);
    else this.#pace.set(busyBytesPerSecond * UNDER_PRESSURE);
  }

  async #ask(request: StageRequest): Promise<StageAnswer> {
    const worker = this.#idle.pop() ?? this.#start();
    worker.ref();
    const gone = new AbortController();
    try {
      worker.postMessage(request);
      const exited = once(worker, 'exit', { signal: gone.signal }).then(() => {
        throw new Error('the staging thread ended');
      });
      const [answer] = (await Promise.race([once(worker, 'message', { signal: gone.signal }), exited])) as [
        StageAnswer,
      ];
      this.#rest(worker);
      return answer;
    } finally {
      gone.abort();
    }
  }

  #start(): Worker {
    const { ionice } = this.#options;
    const data: StageWorkerData = { pace: this.#pace.memory, ionice };
    return new Worker(WORKER, {
      workerData: data,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
      execArgv: execArgv(),
    });
  }

  #rest(worker: Worker): void {
    worker.unref();
    this.#idle.push(worker);
    const timer = setTimeout(() => {
      const index = this.#idle.indexOf(worker);
      if (index === -1) return;
      this.#idle.splice(index, 1);
      void worker.terminate();
    }, IDLE_MS);
    timer.unref();
    worker.once('message', () => clearTimeout(timer));
  }
}

/** A source file finds the sources of the workspace; a built one nothing but its own. */
function execArgv(): string[] {
  return WORKER.pathname.endsWith('.ts') ? ['--conditions=source', '--disable-warning=ExperimentalWarning'] : [];
}

function resultOf(answer: StageAnswer, signal: AbortSignal): number {
  if (answer.ok) return answer.takenBytes;
  signal.throwIfAborted();
  const { code, message } = answer;
  const about = answer.about ?? '';
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      throw new PlatformError('storage_full', 'The disk of the node is full.', { detail: message });
    case 'ENOENT':
      throw new PlatformError('not_found', 'A file is not in the store.', { detail: about });
    case 'digest_mismatch':
      throw new PlatformError('digest_mismatch', 'A file in the store is damaged.', { detail: about });
    case 'EEXIST':
    case 'ENOTDIR':
    case 'EISDIR':
    case 'ENAMETOOLONG':
      throw new PlatformError('invalid_input', `Its files can't lie in one folder: ${message}.`);
    default:
      throw new Error(`${message} (${code})`);
  }
}
