// An engine under a stopwatch: what it takes from the facts to the plan that follows from them, carrying it out included.
import type { SchedulingEngine } from '@baton/deploy/simulation';

export class TimedEngine implements SchedulingEngine {
  /** One for each pass, in milliseconds: its plan, and being told of all that happened since the one before. */
  readonly passMs: number[] = [];
  starts = 0;
  startsOfFirst = 0;
  readonly #engine: SchedulingEngine;
  readonly #clock: () => number;
  #factsMs = 0;

  constructor(engine: SchedulingEngine, clock: () => number) {
    this.#engine = engine;
    this.#clock = clock;
  }

  putNode(...args: Parameters<SchedulingEngine['putNode']>): void {
    this.#engine.putNode(...args);
  }

  setBookings(...args: Parameters<SchedulingEngine['setBookings']>): void {
    this.#engine.setBookings(...args);
  }

  queue(...args: Parameters<SchedulingEngine['queue']>): void {
    this.#fact(() => this.#engine.queue(...args));
  }

  place(...args: Parameters<SchedulingEngine['place']>): void {
    this.#fact(() => this.#engine.place(...args));
  }

  release(...args: Parameters<SchedulingEngine['release']>): void {
    this.#fact(() => this.#engine.release(...args));
  }

  learn(...args: Parameters<SchedulingEngine['learn']>): void {
    this.#fact(() => this.#engine.learn(...args));
  }

  plan(now: number): ReturnType<SchedulingEngine['plan']> {
    const startedAt = this.#clock();
    const plan = this.#engine.plan(now);
    this.passMs.push(this.#factsMs + this.#clock() - startedAt);
    this.#factsMs = 0;
    if (this.passMs.length === 1) this.startsOfFirst = plan.starts.length;
    this.starts += plan.starts.length;
    return plan;
  }

  #fact(tell: () => void): void {
    const startedAt = this.#clock();
    tell();
    this.#factsMs += this.#clock() - startedAt;
  }
}
