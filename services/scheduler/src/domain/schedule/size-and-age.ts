// The order of one owner's jobs: small ones first, but the longer a job waits for its size, the further it moves up.
import type { Policy } from '@baton/contracts';

/** All are ratios: no time in it has a unit. Found by simulation over a range of loads. */
export interface Weights {
  /** How much smallness counts: exponents of the length and of the number of devices. */
  readonly length: number;
  readonly devices: number;
  /** So much of its length a job is old when it comes. */
  readonly youth: number;
  /** Moves a job up as it comes close to being overdue. */
  readonly overdue: number;
  /** What runs already counts as smaller by this factor, so that jobs don't push each other out in turns. */
  readonly hysteresis: number;
  /** A wait is long from this part of the longest wait in order of arrival on. */
  readonly ofBacklog: number;
  /** And this part of what it is expected to run: if negative, who has far to go sets off sooner. */
  readonly ofRun: number;
  /** So many overdue jobs at a time go before the owner's others: more would make it first come, first served. */
  readonly overdueAtOnce: number;
  /** And on so much of all devices. */
  readonly overdueDevices: number;
}

/** Jobs run to their end once they have started. */
const TO_THE_END: Weights = {
  length: 0.75,
  devices: 0.4,
  youth: 0.75,
  overdue: 0.2,
  hysteresis: 1,
  ofBacklog: 0.64,
  ofRun: -0.25,
  overdueAtOnce: 4,
  overdueDevices: Infinity,
};
/** Jobs may be stopped for smaller ones and go on later: smallness counts more, and nobody is overdue. */
const SMALL_FIRST: Weights = { ...TO_THE_END, length: 1.65, devices: 1.25, youth: 1, overdue: 0, hysteresis: 1.25 };
/** The same, with a bound to what large jobs have to wait. */
const SMALL_FIRST_BOUNDED: Weights = {
  length: 2.5,
  devices: 1.25,
  youth: 1,
  overdue: 0.5,
  hysteresis: 1.5,
  ofBacklog: 0.6,
  ofRun: 0.25,
  overdueAtOnce: 256,
  overdueDevices: 0.75,
};

export function weightsOf({ preemption, promoteAfterMs }: Policy): Weights {
  if (preemption.by === 'class') return TO_THE_END;
  return promoteAfterMs > 0 ? SMALL_FIRST_BOUNDED : SMALL_FIRST;
}

/** Size and age together are the score: lower goes first. For jobs of one size it falls with the wait, so they keep their order. */
export function sizeTerm(lengthMs: number, devices: number, weights: Weights): number {
  return weights.length * Math.log(lengthMs) + weights.devices * Math.log(devices);
}

/** `overdueMs` is the wait from which on it is overdue; infinite: never. */
export function ageTerm(waitMs: number, lengthMs: number, overdueMs: number, weights: Weights): number {
  const wait = Math.max(0, waitMs);
  const age = Math.log(wait + weights.youth * lengthMs);
  if (weights.overdue === 0 || overdueMs === Infinity) return -age;
  const left = overdueMs <= 0 ? CLOSEST : Math.max(CLOSEST, 1 - wait / overdueMs);
  return weights.overdue * Math.log(left) - age;
}

/** What is left of the wait until overdue counts as no less than this part. */
const CLOSEST = 1e-3;
