// The runtime's clocks, timers and chance, for simulated processes: production code calls what Node gives it, and gets the simulation's.
// Code that runs outside of a simulated process, the test runner for one, keeps the real ones.
import { createInbox } from '@nats-io/transport-node';
import { syncBuiltinESMExports } from 'node:module';
import timersPromises from 'node:timers/promises';
import { type Cancellable, type Kernel, runningProcess, type SimulatedProcess } from './kernel.ts';

const real = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  setImmediate: globalThis.setImmediate,
  clearImmediate: globalThis.clearImmediate,
};
const realSleep = timersPromises.setTimeout;
const realDate = Date.now;
const realPerformance = performance.now.bind(performance);
const realRandom = Math.random;

/** As Node does: nothing is sooner than a millisecond. */
const SHORTEST_MS = 1;

class VirtualTimer {
  event: Cancellable;

  constructor(event: Cancellable) {
    this.event = event;
  }

  cancel(): void {
    this.event.cancelled = true;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }
}

// The client library's own ids begin with chance, once in a process: not in the first simulation alone.
createInbox();

/** Gives the function that puts the real ones back. One simulation at a time. */
export function installVirtualRuntime(kernel: Kernel): () => void {
  const timers = virtualTimers(kernel);
  Object.assign(globalThis, timers);
  Date.now = () => whenSimulated((process) => kernel.wallClock(process.machine), realDate);
  performance.now = () => whenSimulated(() => kernel.now, realPerformance);
  Math.random = () => whenSimulated(() => kernel.random(), realRandom);
  timersPromises.setTimeout = virtualSleep(kernel) as typeof realSleep;
  syncBuiltinESMExports();
  return () => {
    Object.assign(globalThis, real);
    Date.now = realDate;
    performance.now = realPerformance;
    Math.random = realRandom;
    timersPromises.setTimeout = realSleep;
    syncBuiltinESMExports();
  };
}

function whenSimulated<T>(simulated: (process: SimulatedProcess) => T, otherwise: () => T): T {
  const process = runningProcess();
  return process === undefined ? otherwise() : simulated(process);
}

type Callback = (...args: unknown[]) => void;

function virtualTimers(kernel: Kernel) {
  const clear =
    (otherwise: (timer?: NodeJS.Timeout) => void) =>
    (timer?: unknown): void =>
      timer instanceof VirtualTimer ? timer.cancel() : otherwise(timer as NodeJS.Timeout | undefined);
  return {
    setTimeout(run: Callback, ms = 0, ...args: unknown[]): unknown {
      const process = runningProcess();
      if (process === undefined) return real.setTimeout(run, ms, ...args);
      return new VirtualTimer(kernel.schedule(process, Math.max(SHORTEST_MS, ms), () => run(...args)));
    },
    setInterval(run: Callback, ms = 0, ...args: unknown[]): unknown {
      const process = runningProcess();
      if (process === undefined) return real.setInterval(run, ms, ...args);
      const next = (): Cancellable =>
        kernel.schedule(process, Math.max(SHORTEST_MS, ms), () => {
          timer.event = next();
          run(...args);
        });
      const timer: VirtualTimer = new VirtualTimer(next());
      return timer;
    },
    setImmediate(run: Callback, ...args: unknown[]): unknown {
      const process = runningProcess();
      if (process === undefined) return real.setImmediate(run, ...args);
      return new VirtualTimer(kernel.schedule(process, 0, () => run(...args)));
    },
    clearTimeout: clear(real.clearTimeout),
    clearInterval: clear(real.clearInterval),
    clearImmediate: clear(real.clearImmediate as (timer?: unknown) => void),
  };
}

function virtualSleep(kernel: Kernel) {
  return (ms: number, value?: unknown, options?: { signal?: AbortSignal }): Promise<unknown> => {
    const process = runningProcess();
    if (process === undefined) return realSleep(ms, value, options);
    const signal = options?.signal;
    return new Promise((resolve, reject) => {
      const stop = (): void => reject(signal?.reason as Error);
      if (signal?.aborted) return stop();
      signal?.addEventListener('abort', stop, { once: true });
      kernel.schedule(process, Math.max(SHORTEST_MS, ms), () => {
        signal?.removeEventListener('abort', stop);
        resolve(value);
      });
    });
  };
}
