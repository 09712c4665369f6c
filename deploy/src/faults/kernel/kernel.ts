// One thread of time for everything that is simulated: the next event, all that follows from it at once, and then the next.
import { AsyncLocalStorage } from 'node:async_hooks';
import { type Random, random } from '@baton/scheduler/core';
import { EventQueue, type Scheduled } from './event-queue.ts';

/** Before anything is put in its place. */
const realSetImmediate = setImmediate;

/** A process of the simulated installation: what it asked for does not happen once it is dead, and later while it is stopped. */
export interface SimulatedProcess {
  readonly name: string;
  readonly machine: Machine;
  alive: boolean;
  /** It is stopped (SIGSTOP) until then. */
  stoppedUntil: number;
  /** Runs something as this process. */
  readonly enter: (run: () => void) => void;
}

/** Whose code runs just now. */
const running = new AsyncLocalStorage<SimulatedProcess>();

export function runningProcess(): SimulatedProcess | undefined {
  return running.getStore();
}

export function newProcess(name: string, machine: Machine): SimulatedProcess {
  let enter: SimulatedProcess['enter'] = () => {};
  const process: SimulatedProcess = { name, machine, alive: true, stoppedUntil: 0, enter: (run) => enter(run) };
  // Taken once: a context made anew for each event would take a quarter of the time.
  enter = running.run(process, () => AsyncLocalStorage.snapshot());
  return process;
}

export interface Machine {
  readonly name: string;
  /** What its wall clock shows beyond the true time, ms. */
  clockOffsetMs: number;
}

export interface Cancellable {
  cancelled: boolean;
}

interface Event extends Scheduled, Cancellable {
  readonly owner: SimulatedProcess | null;
  readonly run: () => void;
}

/** Wall clocks of the simulation start here, ms since the epoch. */
const EPOCH_MS = 1_800_000_000_000;

export class Kernel {
  readonly random: Random;
  readonly #queue = new EventQueue<Event>();
  #now = 0;
  #order = 0;
  /** Events that have happened. */
  steps = 0;
  /** Of what has happened when, and to whom: equal for equal runs. */
  digest = 0;

  constructor(seed: number) {
    this.random = random(seed);
  }

  /** True time since the beginning, ms. Never goes back. */
  get now(): number {
    return this.#now;
  }

  wallClock(machine: Machine): number {
    return EPOCH_MS + Math.floor(this.#now) + machine.clockOffsetMs;
  }

  /** Nobody's: the world's own. */
  after(ms: number, run: () => void): Cancellable {
    return this.schedule(null, ms, run);
  }

  schedule(owner: SimulatedProcess | null, ms: number, run: () => void): Cancellable {
    const event = { at: this.#now + Math.max(0, ms), order: (this.#order += 1), owner, run, cancelled: false };
    this.#queue.push(event);
    return event;
  }

  between(least: number, most: number): number {
    return least + this.random() * (most - least);
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  oneOf<T>(items: readonly T[]): T {
    const found = items[Math.floor(this.random() * items.length)];
    if (found === undefined) throw new Error('there is nothing to choose from');
    return found;
  }

  /** One event after the other until `isOver`, which is asked after each. */
  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const event = this.#queue.pop();
      if (event === undefined) return;
      if (!this.#begin(event)) continue;
      this.steps += 1;
      this.#note(event);
      if (event.owner === null) event.run();
      else event.owner.enter(event.run);
      // Everything that follows without waiting for time has happened when the queue of microtasks is empty.
      await new Promise((resolve) => realSetImmediate(resolve));
    }
  }

  #note({ owner }: Event): void {
    const what = Math.floor(this.#now * 1_000) ^ (owner?.name.length ?? 0);
    this.digest = Math.imul(this.digest ^ what, 0x01000193) >>> 0;
  }

  #begin(event: Event): boolean {
    const { owner, cancelled } = event;
    if (cancelled || owner?.alive === false) return false;
    this.#now = Math.max(this.#now, event.at);
    if (owner === null || owner.stoppedUntil <= this.#now) return true;
    this.#queue.push(Object.assign(event, { at: owner.stoppedUntil, order: (this.#order += 1) }));
    return false;
  }
}
