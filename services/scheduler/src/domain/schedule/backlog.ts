// How long a newcomer would have to wait if all went in the order of arrival: the measure of what is a long wait.
import { type Device, partOf } from '@baton/contracts';
import type { WaitingJob } from './engine-model.ts';
import { allDevices, allTwentieths } from './engine-shape.ts';
import { MEAN_RUN_RATIO } from './expected-time.ts';
import { Heap } from './heap.ts';

type Kind = Device['kind'];

/** Of the jobs that wait for a kind of device. Whole numbers, so that what is added and taken away leaves nothing behind. */
export interface WaitingWork {
  readonly jobs: number;
  /** By the limits of jobs that have one. */
  readonly deviceSeconds: number;
  /** Twentieths of devices, of those that have none. */
  readonly twentiethsWithoutLimit: number;
}

export const NO_WORK: WaitingWork = { jobs: 0, deviceSeconds: 0, twentiethsWithoutLimit: 0 };

interface Running {
  readonly jobId: string;
  readonly kind: Kind;
  readonly twentieths: number;
  /** By its limit, from `origin` on. */
  readonly until: number;
}

/** What was seen of how much of their limits jobs run. */
export interface Learned {
  readonly ratios: number;
  readonly jobs: number;
}

/** Of the jobs that run and have not reached their limits. Whole numbers: what is added and taken away leaves nothing behind. */
interface RunningWork {
  /** Of devices. */
  twentieths: number;
  /** The same x end, from `origin` on. */
  twentiethMs: number;
}

/** What is assumed of the part of their limits that jobs run counts as much as so many jobs that were seen. */
const ASSUMED_JOBS = 50;

export class Backlog {
  readonly #running = new Map<string, Running>();
  readonly #work: Record<Kind, RunningWork> = {
    gpu: { twentieths: 0, twentiethMs: 0 },
    cpu: { twentieths: 0, twentiethMs: 0 },
  };
  /** The next to reach its limit first; also some that ended before. */
  readonly #byEnd = new Heap<Running>([], (a, b) => a.until - b.until);
  /** Times are told from here on, so that their sums stay exact. */
  #origin: number | null = null;
  /** That a newcomer had before it, by limits: device-milliseconds, so that it does not matter which nodes were known by then. */
  readonly #most: Record<Kind, number> = { gpu: 0, cpu: 0 };
  readonly #devices: Record<Kind, number> = { gpu: 0, cpu: 0 };
  #ratios = ASSUMED_JOBS * MEAN_RUN_RATIO;
  #jobs = ASSUMED_JOBS;
  #defaultLimitMs: number;

  constructor(defaultLimitMs: number) {
    this.#defaultLimitMs = defaultLimitMs;
  }

  setDefaultLimit(limitMs: number): void {
    this.#defaultLimitMs = limitMs;
  }

  /** So many more devices of the kind, or fewer. */
  countDevices(kind: Kind, more: number): void {
    this.#devices[kind] += more;
  }

  /** A job comes for the first time, behind what waits already. */
  arrive(kind: Kind, before: WaitingWork, now: number): void {
    const waitingMs = before.deviceSeconds * 1_000 + partOf(before.twentiethsWithoutLimit * this.#defaultLimitMs);
    const ahead = waitingMs + this.#runningMs(kind, now);
    this.#most[kind] = Math.max(before.jobs === 0 ? 0 : this.#most[kind], ahead);
  }

  start(job: WaitingJob, since: number): void {
    const { shape, servedMs } = job;
    this.end(job.id);
    this.#origin ??= since;
    const until = Math.round(since - this.#origin + (job.limitMs ?? this.#defaultLimitMs) - servedMs);
    const running = { jobId: job.id, kind: shape.deviceKind, twentieths: allTwentieths(shape), until };
    this.#running.set(job.id, running);
    this.#byEnd.push(running);
    this.#count(running, 1);
  }

  /** It stopped, and perhaps goes on later. */
  end(jobId: string): void {
    const running = this.#running.get(jobId);
    if (!running) return;
    this.#running.delete(jobId);
    this.#count(running, -1);
  }

  /** For good: how much of its limit it took is learned from. */
  learn(limitMs: number, ranMs: number): void {
    this.#ratios += Math.min(1, Math.max(0, ranMs) / limitMs);
    this.#jobs += 1;
  }

  get learned(): Learned {
    return { ratios: this.#ratios, jobs: this.#jobs };
  }

  /** As it was before. */
  relearn({ ratios, jobs }: Learned): void {
    this.#ratios = ratios;
    this.#jobs = jobs;
  }

  /** The part of their limits that jobs run, on average. */
  get runRatio(): number {
    return this.#ratios / this.#jobs;
  }

  /** The longest such wait of all that came since last nobody waited. */
  longestMs(kind: Kind): number {
    return (this.runRatio * this.#most[kind]) / Math.max(1, this.#devices[kind]);
  }

  devices(kind: Kind): number {
    return this.#devices[kind];
  }

  #runningMs(kind: Kind, now: number): number {
    const time = Math.round(now - (this.#origin ?? now));
    for (let next = this.#byEnd.top; next && next.until <= time; next = this.#byEnd.top) {
      this.#byEnd.dropTop();
      // What runs past its limit has nothing left to run.
      if (this.#running.get(next.jobId) === next) this.end(next.jobId);
    }
    const { twentieths, twentiethMs } = this.#work[kind];
    return partOf(twentiethMs - twentieths * time);
  }

  #count({ kind, twentieths, until }: Running, sign: 1 | -1): void {
    const work = this.#work[kind];
    work.twentieths += sign * twentieths;
    work.twentiethMs += sign * twentieths * until;
  }
}

/** What a job adds to the work that waits. */
export function deviceSecondsOf({ shape, limitMs, servedMs }: WaitingJob): number {
  return limitMs === null ? 0 : Math.ceil((allDevices(shape) * Math.max(0, limitMs - servedMs)) / 1_000);
}
