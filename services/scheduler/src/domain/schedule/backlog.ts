// How long a newcomer would have to wait if all went in the order of arrival: the measure of what is a long wait.
import type { Device } from '@baton/contracts';
import type { WaitingJob } from './engine-model.ts';
import { allDevices } from './engine-shape.ts';
import { MEAN_RUN_RATIO } from './expected-time.ts';

type Kind = Device['kind'];

/** Of the jobs that wait for a kind of device. Whole numbers, so that what is added and taken away leaves nothing behind. */
export interface WaitingWork {
  readonly jobs: number;
  /** By the limits of jobs that have one. */
  readonly deviceSeconds: number;
  /** Of those that have none. */
  readonly devicesWithoutLimit: number;
}

export const NO_WORK: WaitingWork = { jobs: 0, deviceSeconds: 0, devicesWithoutLimit: 0 };

interface Running {
  readonly kind: Kind;
  readonly devices: number;
  /** By its limit. */
  readonly until: number;
}

/** What was seen of how much of their limits jobs run. */
export interface Learned {
  readonly ratios: number;
  readonly jobs: number;
}

/** What is assumed of the part of their limits that jobs run counts as much as so many jobs that were seen. */
const ASSUMED_JOBS = 50;

export class Backlog {
  readonly #running = new Map<string, Running>();
  /** By limits. */
  readonly #longestMs: Record<Kind, number> = { gpu: 0, cpu: 0 };
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

  /** A job comes for the first time, behind what waits already, for so many devices as there are of the kind. */
  arrive(kind: Kind, before: WaitingWork, devices: number, now: number): void {
    this.#devices[kind] = devices;
    const waitingMs = before.deviceSeconds * 1_000 + before.devicesWithoutLimit * this.#defaultLimitMs;
    const waitMs = (waitingMs + this.#runningMs(kind, now)) / Math.max(1, devices);
    this.#longestMs[kind] = Math.max(before.jobs === 0 ? 0 : this.#longestMs[kind], waitMs);
  }

  start(job: WaitingJob, since: number): void {
    const { shape, servedMs } = job;
    const until = since + (job.limitMs ?? this.#defaultLimitMs) - servedMs;
    this.#running.set(job.id, { kind: shape.deviceKind, devices: allDevices(shape), until });
  }

  /** It stopped, and perhaps goes on later. */
  end(jobId: string): void {
    this.#running.delete(jobId);
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
    return this.runRatio * this.#longestMs[kind];
  }

  /** As many as there were when the last job came. */
  devices(kind: Kind): number {
    return this.#devices[kind];
  }

  #runningMs(kind: Kind, now: number): number {
    let sum = 0;
    for (const job of this.#running.values()) if (job.kind === kind) sum += job.devices * Math.max(0, job.until - now);
    return sum;
  }
}

/** What a job adds to the work that waits. */
export function deviceSecondsOf({ shape, limitMs, servedMs }: WaitingJob): number {
  return limitMs === null ? 0 : Math.ceil((allDevices(shape) * Math.max(0, limitMs - servedMs)) / 1_000);
}
