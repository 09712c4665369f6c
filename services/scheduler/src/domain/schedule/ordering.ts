// The order inside a class: a score for each job under the policy; lower goes first, equal ones by order.
import type { Policy } from '@baton/contracts';
import type { Backlog } from './backlog.ts';
import type { WaitingJob } from './engine-model.ts';
import { allDevices } from './engine-shape.ts';
import { expectedRestMs, limitFor } from './expected-time.ts';
import { boundMs, classOf } from './limit-class.ts';
import { sizeAndAge, WITH_PREEMPTION, WITHOUT_PREEMPTION } from './size-and-age.ts';

/** Attained service is told more exactly than limits are: it decides about queues of `las`. */
const SERVED_STEPS = 32;
/** A wait is long from this part of the longest wait in order of arrival on, less this part of the job's own limit. */
const OVERDUE = { ofBacklog: 0.7, ofLimit: 0.1 } as const;

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
  const digit = (each: number | null) => (each === null ? 0 : each + 1);
  return (digit(limit) * 1_024 + digit(estimate)) * 4_096 + digit(served);
}

export interface OrderContext {
  readonly policy: Policy;
  readonly now: number;
  /** Absent: no job is overdue. */
  readonly backlog?: Pick<Backlog, 'longestMs'> | undefined;
}

/** Of a job at a time. It never rises with the time that a job has waited. */
export type Score = (job: WaitingJob, classes: SizeClasses) => number;

export function scoreBy(context: OrderContext): Score {
  const { policy } = context;
  switch (policy.order) {
    case 'fifo':
      return () => 0;
    case 'shortest':
      return (_, classes) => remainingMs(classes, policy);
    case 'las':
      return (job, classes) => lasQueue(job, classes, policy.lasThresholdsDeviceSeconds);
    case 'fair-share':
      return (job, classes) => fairScore(job, classes, context);
    default:
      return policy.order satisfies never;
  }
}

/** So long that it goes before all of its class. */
export function isPromoted({ submittedAt }: Pick<WaitingJob, 'submittedAt'>, { policy, now }: OrderContext): boolean {
  return policy.promoteAfterMs > 0 && now - submittedAt > policy.promoteAfterMs;
}

/** So long, as waits go at present, that it goes before others of its owner. */
export function isOverdue(job: WaitingJob, classes: SizeClasses, context: OrderContext): boolean {
  if (context.policy.order !== 'fair-share') return false;
  const overdueMs = overdueAfterMs(job, classes, context);
  return overdueMs !== null && context.now - job.submittedAt > overdueMs;
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

function fairScore(job: WaitingJob, classes: SizeClasses, context: OrderContext): number {
  const isPreemptive = context.policy.preemption.by === 'order';
  const servedMs = servedMsOf(classes);
  const limitMs = likelyLimitMs(classes, context.policy);
  const size = {
    lengthMs: Math.max(1, isPreemptive ? expectedRestMs(limitMs, servedMs) : limitMs - servedMs),
    devices: allDevices(job.shape),
    waitMs: context.now - job.submittedAt,
    overdueMs: overdueAfterMs(job, classes, context),
  };
  return sizeAndAge(size, isPreemptive ? WITH_PREEMPTION : WITHOUT_PREEMPTION);
}

/** Null where nobody has had to wait. */
function overdueAfterMs(job: WaitingJob, classes: SizeClasses, { policy, backlog }: OrderContext): number | null {
  const longestMs = backlog?.longestMs(job.shape.deviceKind) ?? 0;
  if (longestMs <= 0) return null;
  const ownMs = policy.preemption.by === 'order' ? 0 : OVERDUE.ofLimit * likelyLimitMs(classes, policy);
  return OVERDUE.ofBacklog * longestMs - ownMs;
}

/** What it may still run, or is expected to where that was learned. */
function remainingMs(classes: SizeClasses, policy: Policy): number {
  const { limit, estimate } = classes;
  const lengthMs = boundMs(estimate ?? limit ?? classOf(policy.backfill.defaultTimeLimitMs));
  return Math.max(1, lengthMs - servedMsOf(classes));
}

/** The limit, or the one that would go with what was learned. */
function likelyLimitMs({ limit, estimate }: SizeClasses, policy: Policy): number {
  if (estimate !== null) return limitFor(boundMs(estimate));
  return boundMs(limit ?? classOf(policy.backfill.defaultTimeLimitMs));
}

function servedMsOf({ served }: SizeClasses): number {
  return served === null ? 0 : boundMs(served, SERVED_STEPS);
}

/** 2D-LAS: by devices x time had so far; inside a queue first come, first served. */
function lasQueue({ shape }: WaitingJob, classes: SizeClasses, thresholdsDeviceSeconds: readonly number[]): number {
  const attained = (allDevices(shape) * servedMsOf(classes)) / 1_000;
  return thresholdsDeviceSeconds.filter((threshold) => attained >= threshold).length;
}
