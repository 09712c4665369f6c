// The order inside a class: a score for each job under the policy; lower goes first, equal ones by order.
import type { Policy } from '@baton/contracts';
import type { WaitingJob } from './engine-model.ts';
import { allDevices } from './engine-shape.ts';
import { boundMs, classOf } from './limit-class.ts';
import { sizeAndAge } from './size-and-age.ts';

/** Attained service is told more exactly than limits are: it decides about queues of `las`. */
const SERVED_STEPS = 32;

/** What the score depends on beside shape and age. Jobs of one shape with equal classes never overtake each other. */
export interface SizeClasses {
  /** Null: the policy's default limit. */
  readonly limit: number | null;
  readonly estimate: number | null;
  readonly served: number | null;
}

export function sizeClassesOf({ limitMs, estimateMs, servedMs }: WaitingJob): SizeClasses {
  return {
    limit: limitMs === null ? null : classOf(limitMs),
    estimate: estimateMs === null ? null : classOf(estimateMs),
    served: servedMs <= 0 ? null : classOf(servedMs, SERVED_STEPS),
  };
}

/** One number for each combination of classes. */
export function sizeKey({ limit, estimate, served }: SizeClasses): number {
  const [limits, estimates, served32] = [limit, estimate, served].map((each) => (each === null ? 0 : each + 1));
  return ((limits ?? 0) * 1_024 + (estimates ?? 0)) * 4_096 + (served32 ?? 0);
}

/** The score of a job at a time. It never rises with the time that a job has waited. */
export type Score = (job: WaitingJob) => number;

export function scoreBy(policy: Policy, now: number): Score {
  switch (policy.order) {
    case 'fifo':
      return () => 0;
    case 'shortest':
      return (job) => expectedMs(job, policy);
    case 'las':
      return (job) => lasQueue(job, policy.lasThresholdsDeviceSeconds);
    case 'fair-share':
      return (job) =>
        sizeAndAge({
          lengthMs: expectedMs(job, policy),
          devices: allDevices(job.shape),
          waitMs: now - job.submittedAt,
        });
    default:
      return policy.order satisfies never;
  }
}

export function isPromoted(
  { submittedAt }: Pick<WaitingJob, 'submittedAt'>,
  { promoteAfterMs }: Policy,
  now: number,
): boolean {
  return promoteAfterMs > 0 && now - submittedAt > promoteAfterMs;
}

/** By place in the queue; the id decides between places that are equal. */
export function byOrder(a: WaitingJob, b: WaitingJob): number {
  if (a.order !== b.order) return a.order - b.order;
  return a.id < b.id ? -1 : Number(a.id > b.id);
}

/** Of a class that the policy does not know: the default's. */
export function priorityOf(policy: Policy): (className: string) => number {
  const priorities = new Map(policy.classes.map(({ name, priority }) => [name, priority]));
  const usual = priorities.get(policy.defaultClass) ?? 0;
  return (className) => priorities.get(className) ?? usual;
}

/** What it still has to run: expected where that was learned, else at most. */
function expectedMs(job: WaitingJob, policy: Policy): number {
  const { limit, estimate, served } = sizeClassesOf(job);
  const length = boundMs(estimate ?? limit ?? classOf(policy.backfill.defaultTimeLimitMs));
  const rest = length - (served === null ? 0 : boundMs(served, SERVED_STEPS));
  return Math.max(1, rest);
}

/** 2D-LAS: by devices x time had so far; inside a queue first come, first served. */
function lasQueue(job: WaitingJob, thresholdsDeviceSeconds: readonly number[]): number {
  const { served } = sizeClassesOf(job);
  if (served === null) return 0;
  const attained = (allDevices(job.shape) * boundMs(served, SERVED_STEPS)) / 1_000;
  return thresholdsDeviceSeconds.filter((threshold) => attained >= threshold).length;
}
