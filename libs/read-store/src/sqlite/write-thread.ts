// A thread that writes into a database's file: started when there is much to write, and ended soon when there is nothing more.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { PlatformError } from '@baton/errors/platform-error';
import type { Batch } from './batch.ts';

/** How the write of one batch ended. */
export interface BatchAnswer {
  readonly failure: { readonly code: PlatformError['code']; readonly message: string; readonly detail: string } | null;
}

const WORKER = new URL(import.meta.url.endsWith('.ts') ? './write-worker.ts' : './write-worker.js', import.meta.url);
const IDLE_MS = 5_000;
/** Megabytes for new objects: documents come and go as text. */
const NURSERY = { maxYoungGenerationSizeMb: 4 };

export class WriteThread {
  readonly #path: string;
  #worker: Worker | null = null;
  /** In the order in which the batches were sent. */
  #waiting: ((answer: BatchAnswer | null) => void)[] = [];
  #end: NodeJS.Timeout | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  get isRunning(): boolean {
    return this.#worker !== null;
  }

  /** Null: the thread ended before it answered. */
  write(batch: Batch): Promise<BatchAnswer | null> {
    clearTimeout(this.#end);
    const worker = (this.#worker ??= this.#start());
    worker.ref();
    worker.postMessage(batch);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** When it has written what it was sent, and let go of the file. */
  async close(): Promise<void> {
    clearTimeout(this.#end);
    const worker = this.#worker;
    if (worker === null) return;
    this.#worker = null;
    worker.postMessage(null);
    await once(worker, 'exit');
  }

  #start(): Worker {
    const worker = new Worker(WORKER, { workerData: this.#path, resourceLimits: NURSERY, execArgv: execArgv() });
    worker.on('message', (answer: BatchAnswer) => this.#answered(worker, answer));
    // Whoever waits hears of it by the exit.
    worker.on('error', () => {});
    worker.on('exit', () => this.#ended(worker));
    return worker;
  }

  #answered(worker: Worker, answer: BatchAnswer): void {
    this.#waiting.shift()?.(answer);
    if (this.#waiting.length > 0 || this.#worker !== worker) return;
    // A process that has nothing else to do may end.
    worker.unref();
    this.#end = setTimeout(() => void this.close(), IDLE_MS).unref();
  }

  #ended(worker: Worker): void {
    if (this.#worker === worker) this.#worker = null;
    for (const resolve of this.#waiting.splice(0)) resolve(null);
  }
}

/** A source file finds the sources of the workspace; a built one nothing but its own. */
function execArgv(): string[] {
  return WORKER.pathname.endsWith('.ts') ? ['--conditions=source', '--disable-warning=ExperimentalWarning'] : [];
}
