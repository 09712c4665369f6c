// Whether something queued could have used an idle device, and why it did not: derived from the queue as the log shows it.
import { TWENTIETHS_OF_DEVICE, type WaitCode } from '@baton/contracts';
import { lackingLabels, suits } from '../schedule/able.ts';
import { jobsPerDeviceOf, partFits, sharesFor } from '../schedule/shared-devices.ts';
import type { EngineShape } from '../schedule/engine-model.ts';
import type { Microseconds, TimeWindow } from './interval.ts';
import type { AttemptUsage, JobUsage } from './job-usage.ts';
import { endsOf, type OverAt, stretchesOf } from './gates.ts';
import { type Claim, RANK } from './layers.ts';
import { SubmissionOrder } from './submission-order.ts';
import type { DeviceService, NodeCapacity, NodeUsage } from './node-usage.ts';

/** `scheduling`: it fits, and the next pass places it. */
export type IdleReason = WaitCode | 'scheduling';

interface Holding {
  readonly attempt: AttemptUsage;
  readonly shape: EngineShape;
}
interface Change {
  readonly at: Microseconds;
  readonly apply: () => void;
}

/**
 * For the devices of one kind on one node, one claim for each stretch of time: idle with nothing queued, or idle though something
 * queued. The reason is that of the first job in the queue that the node could hold, for nobody behind it may start
 * there before it; it is decided on what the scheduler knew at that time: a device is busy until its release was reported.
 */
export function idleClaims(
  node: NodeUsage,
  kind: DeviceService['kind'],
  jobs: readonly JobUsage[],
  window: TimeWindow,
): Claim[] {
  const overAt = endsOf(jobs);
  const moment: Moment = { capacity: null, queue: new SubmissionOrder(), delayed: new Map(), placed: new Set() };
  const changes = [
    ...node.phases.map(({ at, capacity }) => ({
      at,
      apply: () => void (moment.capacity = node.capacities[capacity] ?? null),
    })),
    ...jobs.flatMap((job) => (mayUse(job.shape, kind, node) ? queueChanges(job, moment, overAt) : [])),
    ...jobs.flatMap((job) => holdingChanges(job, node.nodeId, moment)),
  ].toSorted((one, other) => one.at - other.at);
  const claims: Claim[] = [];
  let next = 0;
  let from = window.from;
  while (from < window.to) {
    for (let change = changes[next]; change && change.at <= from; change = changes[(next += 1)]) change.apply();
    const to = Math.min(window.to, changes[next]?.at ?? Infinity);
    claims.push(idleClaim(reasonOf(moment), from, to));
    from = to;
  }
  return claims;
}

function idleClaim(reason: IdleReason | null, from: Microseconds, to: Microseconds): Claim {
  const category = reason === null ? 'idle-empty' : 'idle-queued';
  return { from, to, rank: RANK.idle, use: { category, of: null, reason } };
}

function mayUse(shape: EngineShape, kind: DeviceService['kind'], node: NodeUsage): boolean {
  return shape.deviceKind === kind && (shape.nodeId === null || shape.nodeId === node.nodeId);
}

interface Delayed {
  readonly shape: EngineShape;
  readonly order: number;
  readonly gate: WaitCode;
}

/** What the scheduler knows at one time, as far as it matters for such devices. */
interface Moment {
  capacity: NodeCapacity | null;
  readonly queue: SubmissionOrder;
  /** Jobs that may not start yet, by id, and why not. */
  readonly delayed: Map<string, Delayed>;
  readonly placed: Set<Holding>;
}

function queueChanges(usage: JobUsage, { queue, delayed }: Moment, overAt: OverAt): Change[] {
  const { jobId, order, shape } = usage;
  const job = { id: jobId, order };
  return stretchesOf(usage, overAt).flatMap(({ from, to, gate }) => {
    const enter = () => (gate === null ? queue.add(job, shape) : void delayed.set(jobId, { shape, order, gate }));
    const leave = () => (gate === null ? queue.remove(job, shape) : void delayed.delete(jobId));
    return [
      { at: from, apply: enter },
      { at: to, apply: leave },
    ];
  });
}

function holdingChanges(job: JobUsage, nodeId: string, { placed }: Moment): Change[] {
  return job.attempts.flatMap((attempt) => {
    if (attempt.nodeId !== nodeId || attempt.devices.length === 0) return [];
    const holding = { attempt, shape: job.shape };
    // One that waits has nothing before it has taken it.
    const from = attempt.behind === null ? attempt.assignedAt : (attempt.startedAt ?? Infinity);
    const to = Math.max(from, attempt.closedAt ?? Infinity);
    return [
      { at: from, apply: () => void placed.add(holding) },
      { at: to, apply: () => void placed.delete(holding) },
    ];
  });
}

/** Null if nothing that queued could use such a device there. */
function reasonOf(moment: Moment): IdleReason | null {
  const { capacity, queue, delayed } = moment;
  if (capacity === null) return null;
  let first: { readonly shape: EngineShape; readonly order: number } | null = null;
  for (const { shape, jobs } of queue.buckets()) {
    const order = jobs[0]?.order ?? Infinity;
    if (canHold(capacity, shape) && (first === null || order < first.order)) first = { shape, order };
  }
  if (first) return whyNot(first.shape, capacity, moment);
  const able = [...delayed.values()].filter(({ shape }) => canHold(capacity, shape));
  return able.toSorted((one, other) => one.order - other.order)[0]?.gate ?? null;
}

function canHold(capacity: NodeCapacity, shape: EngineShape): boolean {
  if (shape.inContainer && capacity.containers !== true) return false;
  if (lackingLabels(shape, capacity).length > 0) return false;
  if (!sharesFor(shape, capacity)) return false;
  const devices = capacity.devices.filter((device) => suits(shape, device)).length;
  return shape.devices <= devices && shape.cpus <= capacity.cpus && shape.memoryBytes <= capacity.memoryBytes;
}

function whyNot(shape: EngineShape, capacity: NodeCapacity, { placed }: Moment): IdleReason {
  const isFree = roomFor(shape, capacity, placed);
  const free = capacity.devices.filter((device) => suits(shape, device) && device.fault === null && isFree(device.id));
  if (free.length < shape.devices) return 'devices-busy';
  const used = (need: (shape: EngineShape) => number) =>
    [...placed].reduce((sum, holding) => sum + need(holding.shape), 0);
  if (used(({ cpus }) => cpus) + shape.cpus > capacity.cpus) return 'cpus-busy';
  if (used(({ memoryBytes }) => memoryBytes) + shape.memoryBytes > capacity.memoryBytes) return 'memory-busy';
  // There is room here; with other nodes to wait for, that is not enough.
  return shape.nodes > 1 ? 'devices-busy' : 'scheduling';
}

/** Whether nobody has the device; for a shape that asks for a part, whether it fits beside those who have parts. */
function roomFor(shape: EngineShape, capacity: NodeCapacity, placed: Iterable<Holding>): (device: string) => boolean {
  const holders = Map.groupBy(
    [...placed].flatMap(({ attempt, shape: { twentieths } }) =>
      attempt.devices.map((device) => ({ device, twentieths: twentieths ?? TWENTIETHS_OF_DEVICE })),
    ),
    ({ device }) => device,
  );
  const most = jobsPerDeviceOf(capacity);
  return (device) => {
    const beside = holders.get(device) ?? [];
    if (shape.twentieths === undefined) return beside.length === 0;
    const taken = beside.reduce((sum, { twentieths }) => sum + twentieths, 0);
    return partFits({ twentieths: taken, jobs: beside.length }, shape.twentieths, most);
  };
}
