// The definition of the queue's order, without an index: each time the least of all jobs that are left.
import type { WaitingJob } from '../domain/schedule/engine-model.ts';
import { chargedDevices } from '../domain/schedule/engine-shape.ts';
import {
  byOrder,
  isPromoted,
  type JobSize,
  overdueBy,
  priorityOf,
  scoreBy,
  sizeClassesOf,
  sizeOf,
} from '../domain/schedule/ordering.ts';
import { groupKeyOf, ownerKeyOf } from '../domain/schedule/owner-key.ts';
import type { OrderView } from '../domain/schedule/walk-standings.ts';
import { HOUR_MS } from './queue-builders.ts';

export class NaiveWalk {
  readonly #charged = new Map<string, number>();
  readonly #oldest = new Map<string, number>();
  readonly #overdue: ReadonlySet<string>;
  readonly #view: OrderView;
  left: WaitingJob[];
  last: WaitingJob | null = null;

  constructor(jobs: readonly WaitingJob[], view: OrderView) {
    this.left = [...jobs];
    this.#view = view;
    this.#overdue = this.#overdueOf(jobs);
    for (const job of jobs) {
      for (const key of this.#keys(job)) this.#oldest.set(key, Math.min(job.order, this.#oldest.get(key) ?? Infinity));
    }
  }

  next(): WaitingJob | null {
    const [first = null] = this.left.toSorted((a, b) => this.#compare(a, b));
    this.left = this.left.filter((job) => job !== first);
    return (this.last = first);
  }

  taken(): void {
    if (!this.last) return;
    const { owner, shape, limitMs } = this.last;
    const charge = chargedDevices(shape) * Math.min(limitMs ?? this.#view.policy.backfill.defaultTimeLimitMs, HOUR_MS);
    for (const key of [groupKeyOf(owner), ownerKeyOf(owner)]) this.#charged.set(key, this.#chargeOf(key) + charge);
  }

  #overdueOf(jobs: readonly WaitingJob[]): ReadonlySet<string> {
    const { policy, now } = this.#view;
    const after = overdueBy(this.#view);
    const overdue = jobs.filter((job) => now - job.submittedAt > after(this.#size(job), job.shape));
    const atOnce = policy.preemption.by === 'class' ? 4 : 256;
    const byOwner = Map.groupBy(overdue.toSorted(byOrder), (job) => this.#keys(job)[1]);
    return new Set([...byOwner.values()].flatMap((some) => some.slice(0, atOnce)).map(({ id }) => id));
  }

  #size(job: WaitingJob): JobSize {
    return sizeOf(job.shape, sizeClassesOf(job), this.#view.policy);
  }

  #keys(job: WaitingJob): [group: string, user: string] {
    const level = priorityOf(this.#view.policy)(job.className);
    return [`${level}/${groupKeyOf(job.owner)}`, `${level}/${ownerKeyOf(job.owner)}`];
  }

  #chargeOf(key: string): number {
    return this.#charged.get(key) ?? 0;
  }

  #compare(a: WaitingJob, b: WaitingJob): number {
    const [first, second] = [this.#rank(a), this.#rank(b)];
    const differs = first.findIndex((value, index) => value !== second[index]);
    return differs < 0 ? byOrder(a, b) : (first[differs] ?? 0) - (second[differs] ?? 0);
  }

  #rank(job: WaitingJob): number[] {
    const { policy, quotas } = this.#view;
    const level = -priorityOf(policy)(job.className);
    if (isPromoted(job, this.#view)) return [level, 0, job.order];
    const tier = quotas.isBelowGuarantee(job.owner) ? 1 : 2;
    const score = scoreBy(this.#view)(this.#size(job), job);
    return policy.order === 'fair-share'
      ? [level, tier, ...this.#rankOfOwner(job), ...this.#rankInOwner(job, score)]
      : [level, tier, score];
  }

  #rankOfOwner(job: WaitingJob): number[] {
    const { policy, usage, now } = this.#view;
    const { userId, groupId } = job.owner;
    const { groups, users } = policy.fairShare;
    const used = usage.usageOf(job.owner, now);
    const group = (used.group + this.#chargeOf(groupKeyOf(job.owner))) / (groups[groupId ?? userId] ?? 1);
    const user = (used.user + this.#chargeOf(ownerKeyOf(job.owner))) / (groupId === null ? 1 : (users[userId] ?? 1));
    const [ofGroup = 0, ofUser = 0] = this.#keys(job).map((key) => this.#oldest.get(key));
    return [group, ofGroup, user, ofUser];
  }

  #rankInOwner(job: WaitingJob, score: number): number[] {
    const ready = job.shape.nodes > 1 && this.#view.isGangReady?.(job.shape) === true ? 0 : 1;
    return this.#overdue.has(job.id) ? [ready, 0, job.order] : [ready, 1, score];
  }
}
