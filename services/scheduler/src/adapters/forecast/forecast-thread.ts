// Has the present played on in a thread of its own, which is started for it and ends soon when there is nothing more to do.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { FuturePlayer } from '../../app/forecasts.ts';
import type { Parcel } from '../../domain/forecast/parcels.ts';
import type { Played } from '../../domain/forecast/player.ts';

const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? './forecast-worker.ts' : './forecast-worker.js',
  import.meta.url,
);
const IDLE_MS = 5_000;
/** Megabytes: what is played has some thousand jobs at most. */
const HEAP = { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 8 };

export class ForecastThread implements FuturePlayer {
  #worker: Worker | null = null;
  #end: NodeJS.Timeout | undefined;

  send(parcel: Parcel): void {
    clearTimeout(this.#end);
    this.#worker ??= this.#start();
    this.#worker.postMessage(parcel);
  }

  /** Throws where the thread ends before. */
  async played(): Promise<Played> {
    const worker = this.#worker;
    if (!worker) throw new Error('nothing was sent to the thread of forecasts');
    const done = new AbortController();
    try {
      const exited = once(worker, 'exit', { signal: done.signal }).then(() => {
        throw new Error('the thread of forecasts ended');
      });
      const [played] = (await Promise.race([once(worker, 'message', { signal: done.signal }), exited])) as [Played];
      return played;
    } finally {
      done.abort();
      this.#end = setTimeout(() => this.stop(), IDLE_MS);
      this.#end.unref();
    }
  }

  stop(): void {
    clearTimeout(this.#end);
    void this.#worker?.terminate();
    this.#worker = null;
  }

  #start(): Worker {
    const worker = new Worker(WORKER, { resourceLimits: HEAP, execArgv: execArgv() });
    // Whoever waits for it hears of it by its exit, and a process that has nothing else to do may end.
    worker.on('error', () => {});
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = null;
    });
    worker.unref();
    return worker;
  }
}

/** A source file finds the sources of the workspace; a built one nothing but its own. */
function execArgv(): string[] {
  if (!WORKER.pathname.endsWith('.ts')) return [];
  return ['--conditions=source', '--experimental-transform-types', '--disable-warning=ExperimentalWarning'];
}
