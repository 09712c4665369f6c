// How long a newcomer would have to wait if all went in the order of arrival: the measure of what is a long wait.
import type { Device } from '@baton/contracts';
import type { WaitingJob } from './engine-model.ts';
import { allDevices } from './engine-shape.ts';
import { expectedRestMs } from './expected-time.ts';

type Kind = Device['kind'];

/** Of the jobs that wait for a kind of device. Whole numbers, so that what is added and taken away leaves nothing behind. */
export interface WaitingWork {
  readonly jobs: number;
  /** Of jobs that have a time limit. */
  readonly expectedDeviceSeconds: number;
  /** Of those that have none. */
  readonly devicesWithoutLimit: number;
}

export const NO_WORK: WaitingWork = { jobs: 0, expectedDeviceSeconds: 0, devicesWithoutLimit: 0 };

interface Running {
  readonly kind: Kind;
  readonly devices: number;
  readonly limitMs: number;
  readonly servedMs: number;
  readonly since: number;
}

export class Backlog {
  readonly #running = new Map<string, Running>();
  readonly #longestMs: Record<Kind, number> = { gpu: 0, cpu: 0 };
  #defaultLimitMs: number;

  constructor(defaultLimitMs: number) {
    this.#defaultLimitMs = defaultLimitMs;
  }

  setDefaultLimit(limitMs: number): void {
    this.#defaultLimitMs = limitMs;
  }

  /** A job comes for the first time, behind what waits already, for so many devices as there are of the kind. */
  arrive(kind: Kind, before: WaitingWork, devices: number, now: number): void {
    const withoutLimitMs = before.devicesWithoutLimit * expectedRestMs(this.#defaultLimitMs, 0);
    const workMs = before.expectedDeviceSeconds * 1_000 + withoutLimitMs + this.#runningMs(kind, now);
    const longestMs = before.jobs === 0 ? 0 : this.#longestMs[kind];
    this.#longestMs[kind] = Math.max(longestMs, workMs / Math.max(1, devices));
  }

  start(job: WaitingJob, since: number): void {
    const { shape, servedMs } = job;
    const limitMs = job.limitMs ?? this.#defaultLimitMs;
    this.#running.set(job.id, { kind: shape.deviceKind, devices: allDevices(shape), limitMs, servedMs, since });
  }

  end(jobId: string): void {
    this.#running.delete(jobId);
  }

  /** The longest such wait of all that came since last nobody waited. */
  longestMs(kind: Kind): number {
    return this.#longestMs[kind];
  }

  #runningMs(kind: Kind, now: number): number {
    let sum = 0;
    for (const job of this.#running.values()) {
      if (job.kind !== kind) continue;
      sum += job.devices * expectedRestMs(job.limitMs, job.servedMs + Math.max(0, now - job.since));
    }
    return sum;
  }
}

/** What a job adds to the work that waits, in device-seconds. */
export function expectedDeviceSeconds({ shape, limitMs, servedMs }: WaitingJob): number {
  return limitMs === null ? 0 : Math.ceil((allDevices(shape) * expectedRestMs(limitMs, servedMs)) / 1_000);
}
