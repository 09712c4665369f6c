// The scheduling engine: what waits and what is placed, kept up to date fact by fact, and the plan that follows. Pure.
import type { Policy } from '@baton/contracts';
import type { Ask } from './ask.ts';
import { Cluster } from './cluster.ts';
import { Backlog } from './backlog.ts';
import type { ClusterOptions } from './cluster-books.ts';
import type { Booking, EngineNode, Plan, RunningAttempt, WaitingJob } from './engine-model.ts';
import { chargedDevices } from './engine-shape.ts';
import { UsageLedger } from './fair-share.ts';
import { priorityOf } from './ordering.ts';
import { Pass } from './pass.ts';
import { QueueIndex } from './queue-index.ts';
import { QuotaBook } from './quotas.ts';
import type { OrderView } from './walk-standings.ts';

export class Engine {
  #policy: Policy;
  #priorityOf: (className: string) => number;
  readonly queueIndex = new QueueIndex();
  readonly cluster: Cluster;
  readonly usage: UsageLedger;
  readonly quotas: QuotaBook;
  readonly backlog: Backlog;
  readonly #nodes = new Map<string, EngineNode>();
  readonly #placed = new Map<string, RunningAttempt>();
  #bookings: readonly Booking[] = [];

  /** `usage`: what was used before; absent: nothing. */
  constructor(policy: Policy, usage = new UsageLedger(policy.fairShare.halfLifeMs)) {
    this.#policy = policy;
    this.#priorityOf = priorityOf(policy);
    this.cluster = new Cluster(clusterOptions(policy));
    this.usage = usage;
    this.quotas = new QuotaBook(policy.quotas);
    this.backlog = new Backlog(policy.backfill.defaultTimeLimitMs);
  }

  get policy(): Policy {
    return this.#policy;
  }

  /** Holds from the next plan on. Promises that were given stay. */
  setPolicy(policy: Policy, now: number): void {
    this.#policy = policy;
    this.#priorityOf = priorityOf(policy);
    this.cluster.configure(clusterOptions(policy));
    this.usage.setHalfLife(policy.fairShare.halfLifeMs, now);
    this.quotas.setQuotas(policy.quotas);
    this.backlog.setDefaultLimit(policy.backfill.defaultTimeLimitMs);
    for (const job of this.queueIndex.reserved())
      if (job.reservation) this.cluster.promise(this.ask(job), job.reservation);
  }

  putNode(node: EngineNode): void {
    this.#countDevices(this.#nodes.get(node.id), -1);
    this.#countDevices(node, 1);
    this.#nodes.set(node.id, node);
    this.cluster.putNode(node);
  }

  removeNode(id: string): void {
    this.#countDevices(this.#nodes.get(id), -1);
    this.#nodes.delete(id);
    this.cluster.removeNode(id);
  }

  #countDevices(node: EngineNode | undefined, sign: 1 | -1): void {
    for (const { kind } of node?.description.devices ?? []) this.backlog.countDevices(kind, sign);
  }

  get bookings(): readonly Booking[] {
    return this.#bookings;
  }

  setBookings(bookings: readonly Booking[]): void {
    this.#bookings = bookings;
    this.cluster.setBookings(bookings);
  }

  node(id: string): EngineNode | undefined {
    return this.#nodes.get(id);
  }

  nodes(): Iterable<EngineNode> {
    return this.#nodes.values();
  }

  waiting(): Iterable<WaitingJob> {
    return this.queueIndex.jobs();
  }

  placed(): Iterable<RunningAttempt> {
    return this.#placed.values();
  }

  placedAttempt(jobId: string): RunningAttempt | undefined {
    return this.#placed.get(jobId);
  }

  /** It waits, with what has changed about it. */
  queue(job: WaitingJob): void {
    const { deviceKind } = job.shape;
    const isNew = job.nextAttempt === 1 && this.queueIndex.get(job.id) === undefined;
    if (isNew) this.backlog.arrive(deviceKind, this.queueIndex.work(deviceKind), job.submittedAt);
    this.unqueue(job.id);
    const kept = this.queueIndex.add(job);
    this.quotas.queued(kept.owner);
    if (kept.reservation) this.cluster.promise(this.ask(kept), kept.reservation);
  }

  unqueue(jobId: string): void {
    const job = this.queueIndex.remove(jobId);
    if (!job) return;
    this.quotas.dequeued(job.owner);
    this.cluster.forget(jobId);
  }

  /** It holds or awaits devices; off the queue. From `since` on they count as used. */
  place(attempt: RunningAttempt): void {
    const { job, since } = attempt;
    this.unqueue(job.id);
    if (!this.#placed.has(job.id)) this.quotas.started(job.owner, job.shape);
    this.#placed.set(job.id, attempt);
    this.cluster.put(attempt);
    if (attempt.waiting) this.queueIndex.line(job);
    else this.queueIndex.unline(job.id);
    if (since !== null) this.backlog.start(job, since);
    this.account(job.id, attempt, 0);
  }

  /** What counts as used, and nothing else: for a history that is read. Null: it holds nothing from `at` on. */
  account(jobId: string, attempt: RunningAttempt | null, at: number): void {
    if (attempt === null) this.usage.end(jobId, at);
    else if (attempt.since !== null)
      this.usage.begin(jobId, attempt.job.owner, chargedDevices(attempt.job.shape), attempt.since);
  }

  /** Its devices are free, or, of an attempt on several nodes, those of one of them. */
  release(jobId: string, now: number, nodeId?: string): void {
    const attempt = this.#placed.get(jobId);
    if (!attempt) return;
    const parts = nodeId === undefined ? [] : attempt.parts.filter((part) => part.nodeId !== nodeId);
    if (nodeId !== undefined && parts.length > 0) {
      this.#placed.set(jobId, { ...attempt, parts });
      this.cluster.dropPart(jobId, nodeId);
      return;
    }
    this.#placed.delete(jobId);
    this.queueIndex.unline(jobId);
    this.cluster.drop(jobId);
    this.account(jobId, null, now);
    this.backlog.end(jobId);
    this.quotas.ended(attempt.job.owner, attempt.job.shape);
  }

  /** A job with such a limit has come to its end after so long on its devices. */
  learn(limitMs: number, ranMs: number): void {
    this.backlog.learn(limitMs, ranMs);
  }

  /** What is to be done now. Nothing is changed by it: what is carried out comes back as facts. */
  plan(now: number): Plan {
    return this.cluster.trial(() => new Pass(this, now).run());
  }

  /** What the order of the queue depends on. */
  orderView(now: number, quotas: OrderView['quotas'] = this.quotas): OrderView {
    return {
      policy: this.#policy,
      now,
      backlog: this.backlog,
      usage: this.usage,
      quotas,
      isGangReady: (shape) => this.cluster.isOpen(shape),
    };
  }

  ask(job: WaitingJob): Ask {
    return {
      jobId: job.id,
      shape: job.shape,
      limitMs: job.limitMs ?? this.#policy.backfill.defaultTimeLimitMs,
      graceMs: job.graceMs,
      owner: job.owner,
      priority: this.#priorityOf(job.className),
    };
  }

  priority(className: string): number {
    return this.#priorityOf(className);
  }
}

function clusterOptions({ placement, backfill }: Policy): ClusterOptions {
  return { placement, defaultLimitMs: backfill.defaultTimeLimitMs };
}
