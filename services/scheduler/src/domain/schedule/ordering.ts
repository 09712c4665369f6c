// The order inside a class: a score for each job under the policy; lower goes first, equal ones by order.
import type { Policy } from '@baton/contracts';
import type { Backlog } from './backlog.ts';
import type { EngineShape, WaitingJob } from './engine-model.ts';
import { allDevices } from './engine-shape.ts';
import { expectedRemaining, limitFor } from './expected-time.ts';
import { boundMs, classOf } from './limit-class.ts';
import { ageTerm, sizeTerm, type Weights, weightsOf } from './size-and-age.ts';

/** Attained service is told more exactly than limits are: it decides about queues of `las`. */
const SERVED_STEPS = 32;

/** What the score depends on beside shape and age. Jobs of one shape with equal classes never overtake each other. */
export interface SizeClasses {
  /** Null: the policy's default limit. */
  readonly limit: number | null;
  readonly estimate: number | null;
  readonly served: number | null;
  /** Of the limit, what is left after that: told exactly even where little is. */
  readonly rest: number | null;
  readonly isRunning: boolean;
}

export function sizeClassesOf({ limitMs, estimateMs, servedMs, isRunning = false }: WaitingJob): SizeClasses {
  return {
    limit: limitMs === null ? null : classOf(limitMs),
    estimate: estimateMs === null ? null : classOf(estimateMs),
    served: servedMs <= 0 ? null : classOf(servedMs, SERVED_STEPS),
    rest: servedMs <= 0 || limitMs === null ? null : classOf(Math.max(1, limitMs - servedMs), SERVED_STEPS),
    isRunning,
  };
}

/** One number for each combination of classes. */
export function sizeKey({ limit, estimate, served, rest, isRunning }: SizeClasses): number {
  let key = 0;
  for (const each of [limit, estimate, served, rest]) key = key * KEY_BASE + (each === null ? 0 : each + 1);
  return key * 2 + Number(isRunning);
}

/** More than there are classes of any duration: 2^63 ms and more. */
const KEY_BASE = 2_048;

export interface OrderContext {
  readonly policy: Policy;
  readonly now: number;
  /** Absent: no job is overdue. */
  readonly backlog?: Pick<Backlog, 'longestMs' | 'devices' | 'runRatio'> | undefined;
}

/** What of the order all jobs of a bucket share, as long as the policy is the same. */
export interface JobSize {
  /** The score without what the wait does to it. */
  readonly base: number;
  /** Of the time limit, or what is expected to be left of it. */
  readonly lengthMs: number;
  /** In full, at most. */
  readonly limitMs: number;
}

export function sizeOf(shape: EngineShape, classes: SizeClasses, policy: Policy): JobSize {
  const limitMs = boundMs(classes.limit ?? classOf(policy.backfill.defaultTimeLimitMs));
  const estimateMs = classes.estimate === null ? null : boundMs(classes.estimate);
  const restMs =
    policy.preemption.by === 'order'
      ? expectedRemaining({ limitMs, estimateMs }, servedOfLimit(classes, limitMs))
      : (estimateMs === null ? limitMs : limitFor(estimateMs)) - servedMsOf(classes);
  const lengthMs = Math.max(1, restMs);
  return { base: baseOf(shape, classes, lengthMs, policy), lengthMs, limitMs };
}

function baseOf(shape: EngineShape, classes: SizeClasses, lengthMs: number, policy: Policy): number {
  switch (policy.order) {
    case 'fifo':
    case 'shortest':
      return 0;
    case 'las':
      return lasQueue(shape, classes, policy.lasThresholdsDeviceSeconds);
    case 'fair-share':
      return fairBase(shape, classes, lengthMs, weightsOf(policy));
    default:
      return policy.order satisfies never;
  }
}

function fairBase(shape: EngineShape, { isRunning }: SizeClasses, lengthMs: number, weights: Weights): number {
  return sizeTerm(lengthMs, allDevices(shape), weights) - (isRunning ? Math.log(weights.hysteresis) : 0);
}

/** Of a job; lower goes first, equal ones by order. It never rises with the time that a job has waited. */
export type Score = (size: JobSize, job: WaitingJob) => number;
export type AgeScore = (size: JobSize, submittedAt: number, shape: EngineShape) => number;

export function scoreBy(context: OrderContext): Score {
  const scoreOf = scoreByAge(context);
  if (scoreOf === null) return (_, job) => remainingMs(job, context.policy);
  return (size, { submittedAt, shape }) => scoreOf(size, submittedAt, shape);
}

/** The same for whoever came then; null where that does not tell. */
export function scoreByAge(context: OrderContext): AgeScore | null {
  const { policy, now } = context;
  if (policy.order === 'shortest') return null;
  if (policy.order !== 'fair-share') return ({ base }) => base;
  const weights = weightsOf(policy);
  const overdueAfter = overdueBy(context);
  return (size, submittedAt, shape) =>
    size.base + ageTerm(now - submittedAt, size.lengthMs, overdueAfter(size, shape), weights);
}

/** So long that it goes before all of its class. */
export function isPromoted({ submittedAt }: Pick<WaitingJob, 'submittedAt'>, { policy, now }: OrderContext): boolean {
  return policy.promoteAfterMs > 0 && now - submittedAt > policy.promoteAfterMs;
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

/** ms. */
export type OverdueAfter = (size: JobSize, shape: EngineShape) => number;

/** The wait from which on a job goes before others of its owner: long, as waits go at present; infinite where nobody has had to. */
export function overdueBy({ policy, backlog }: OrderContext): OverdueAfter {
  if (policy.order !== 'fair-share' || policy.promoteAfterMs === 0 || !backlog) return () => Infinity;
  const longest = { gpu: backlog.longestMs('gpu'), cpu: backlog.longestMs('cpu') };
  const { ofBacklog, ofRun } = weightsOf(policy);
  const ofLength = policy.preemption.by === 'order' ? ofRun : 0;
  const ofLimit = policy.preemption.by === 'order' ? 0 : ofRun * backlog.runRatio;
  return ({ lengthMs, limitMs }, { deviceKind }) => {
    const longestMs = longest[deviceKind];
    return longestMs <= 0 ? Infinity : ofBacklog * longestMs + ofLength * lengthMs + ofLimit * limitMs;
  };
}

/** What it may still run, or is expected to where that was learned: exactly, as with `shortest` nothing else counts. */
function remainingMs({ limitMs, estimateMs, servedMs }: WaitingJob, { backfill }: Policy): number {
  return Math.max(1, (estimateMs ?? limitMs ?? backfill.defaultTimeLimitMs) - servedMs);
}

/** Of jobs of one bucket: the order in which a walk gives them, as long as time alone passes; null: by age. */
export function orderInBucket(policy: Policy): ((a: WaitingJob, b: WaitingJob) => number) | null {
  if (policy.order !== 'shortest') return null;
  return (a, b) => remainingMs(a, policy) - remainingMs(b, policy) || byOrder(a, b);
}

function servedMsOf({ served }: SizeClasses): number {
  return served === null ? 0 : boundMs(served, SERVED_STEPS);
}

/** So that what is left of the limit is as exact as it is told. */
function servedOfLimit({ rest, ...classes }: SizeClasses, limitMs: number): number {
  return rest === null ? servedMsOf({ rest, ...classes }) : Math.max(0, limitMs - boundMs(rest, SERVED_STEPS));
}

/** 2D-LAS: by devices x time had so far; inside a queue first come, first served. */
function lasQueue(shape: EngineShape, classes: SizeClasses, thresholdsDeviceSeconds: readonly number[]): number {
  const attained = (allDevices(shape) * servedMsOf(classes)) / 1_000;
  return thresholdsDeviceSeconds.filter((threshold) => attained >= threshold).length;
}
