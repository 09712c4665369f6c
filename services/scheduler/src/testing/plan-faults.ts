// What a plan may not do, looked for without asking the engine.
import type { Quota } from '@baton/contracts';
import { lacks } from '../domain/schedule/able.ts';
import type {
  Booking,
  EngineNode,
  Owner,
  Plan,
  PlannedStart,
  RunningAttempt,
  WaitingJob,
} from '../domain/schedule/engine-model.ts';
import { allTwentieths } from '../domain/schedule/engine-shape.ts';
import { type EngineWorld, type SharedDevice, withOneMore } from './engine-world.ts';

/** Sentences; none if all is well. */
export function faultsOf(plan: Plan, world: EngineWorld): string[] {
  return [...startFaults(plan, world), ...quotaFaults(plan, world), ...preemptionFaults(plan, world)];
}

interface Given {
  readonly job: WaitingJob;
  readonly nodeId: string;
  readonly devices: readonly string[];
  readonly behind: PlannedStart['behind'];
}

function startFaults({ starts }: Plan, world: EngineWorld): string[] {
  const found: string[] = [];
  const taken = new Map([...world.nodes.keys()].map((id) => [id, world.held(id)]));
  const shares = new Map([...world.nodes.keys()].map((id) => [id, world.shared(id)]));
  const loads = new Map([...world.nodes.keys()].map((id) => [id, loadOf(world, id)]));
  for (const start of starts) {
    const job = world.queued.get(start.jobId);
    if (!job) {
      found.push(`${start.jobId} does not wait`);
      continue;
    }
    const parts = start.ranks ?? [start];
    if (new Set(parts.map(({ nodeId }) => nodeId)).size !== job.shape.nodes)
      found.push(`${job.id}: not all of its nodes`);
    found.push(...lineFaults(start, job, { starts, placed: world.placed }));
    for (const { nodeId, devices } of parts) {
      const given = { job, nodeId, devices, behind: start.behind };
      const held = taken.get(nodeId) ?? new Map<string, string>();
      const load = loads.get(nodeId) ?? { cpus: 0, memoryBytes: 0, exclusive: 0, jobs: 0 };
      const shared = shares.get(nodeId) ?? new Map<string, SharedDevice>();
      const jobsPerDevice = world.nodes.get(nodeId)?.jobsPerDevice ?? 1;
      found.push(...placeFaults(given, world), ...heldFaults(given, { held, shared, jobsPerDevice }));
      if (!start.behind) found.push(...loadFaults(given, world, load));
      give(job, devices, { held, shared });
    }
  }
  return found;
}

function lineFaults(
  { behind }: PlannedStart,
  job: WaitingJob,
  { starts, placed }: Pick<Plan, 'starts'> & Pick<EngineWorld, 'placed'>,
): string[] {
  if (!behind) return [];
  const isThere = (id: string) => placed.has(id) || starts.some(({ jobId }) => jobId === id);
  const found = job.shape.nodes > 1 ? [`${job.id}: a gang in a line`] : [];
  if (job.shape.twentieths !== undefined) found.push(`${job.id}: one that shares in a line`);
  if (!behind.predecessors.every(({ jobId }) => isThere(jobId)))
    found.push(`${job.id}: behind somebody who is not there`);
  return found;
}

function placeFaults({ job, nodeId, devices, behind }: Given, { nodes, bookings, now, policy }: EngineWorld): string[] {
  const node = nodes.get(nodeId);
  if (!node) return [`${job.id}: on ${nodeId}, which is unknown`];
  const found = lacks(job.shape, node).map((lack) => `${job.id} on ${nodeId}: ${lack}`);
  if (node.refuses !== null) found.push(`${job.id}: on ${nodeId}, which refuses`);
  if (devices.length + (behind?.count ?? 0) !== job.shape.devices) found.push(`${job.id}: not all of its devices`);
  for (const id of [...devices, ...(behind?.pool ?? [])]) {
    found.push(...deviceFaults(job, node, id));
    const until = now + (job.limitMs ?? policy.backfill.defaultTimeLimitMs) + job.graceMs;
    if (bookings.some((each) => isInto(each, job.owner, { nodeId, id, now, until })))
      found.push(`${job.id}: ${nodeId}/${id} is booked for others`);
  }
  return found;
}

function deviceFaults(job: WaitingJob, node: EngineNode, id: string): string[] {
  const device = node.description.devices.find((each) => each.id === id);
  if (device?.kind !== job.shape.deviceKind) return [`${job.id}: ${node.id}/${id} is not what it asked for`];
  return device.fault === undefined ? [] : [`${job.id}: ${node.id}/${id} is out of service`];
}

interface Span {
  readonly nodeId: string;
  readonly id: string;
  readonly now: number;
  readonly until: number;
}

function isInto(booking: Booking, owner: Owner, { nodeId, id, now, until }: Span): boolean {
  if (booking.nodeId !== nodeId || booking.from >= until || booking.until <= now) return false;
  if (booking.userIds.includes(owner.userId) || booking.groupIds.includes(owner.groupId ?? '')) return false;
  return booking.devices?.includes(id) ?? true;
}

function give(
  { id: jobId, shape }: WaitingJob,
  devices: readonly string[],
  { held, shared }: Pick<Holdings, 'held' | 'shared'>,
): void {
  for (const id of devices) {
    held.set(id, jobId);
    if (shape.twentieths !== undefined) shared.set(id, withOneMore(shared.get(id), shape.twentieths));
  }
}

interface Holdings {
  readonly held: Map<string, string>;
  readonly shared: Map<string, SharedDevice>;
  readonly jobsPerDevice: number;
}

function heldFaults({ job, nodeId, devices }: Given, { held, shared, jobsPerDevice }: Holdings): string[] {
  const { twentieths } = job.shape;
  return devices.flatMap((id) => {
    const beside = shared.get(id);
    if (beside === undefined || twentieths === undefined)
      return held.has(id) ? `${job.id}: ${nodeId}/${id} is ${held.get(id)}'s` : [];
    const isTooMuch = beside.twentieths + twentieths > 20 || beside.jobs >= jobsPerDevice;
    return isTooMuch ? `${job.id}: ${nodeId}/${id} is full: ${JSON.stringify(beside)}` : [];
  });
}

function loadOf(world: EngineWorld, nodeId: string) {
  const load = { cpus: 0, memoryBytes: 0, exclusive: 0, jobs: 0 };
  for (const { attempt } of world.partsOn(nodeId)) {
    if (attempt.waiting) continue;
    load.cpus += attempt.job.shape.cpus;
    load.memoryBytes += attempt.job.shape.memoryBytes;
    load.exclusive += Number(attempt.job.shape.exclusive);
    load.jobs += 1;
  }
  return load;
}

function loadFaults({ job, nodeId }: Given, { nodes }: EngineWorld, load: ReturnType<typeof loadOf>): string[] {
  const { cpus = 0, memoryBytes = 0 } = nodes.get(nodeId)?.description ?? {};
  const isAlone = job.shape.exclusive && load.jobs > 0;
  load.cpus += job.shape.cpus;
  load.memoryBytes += job.shape.memoryBytes;
  const found: string[] = [];
  if (isAlone || load.exclusive > 0) found.push(`${job.id}: beside others on ${nodeId}, which is one's alone`);
  if (job.shape.cpus > 0 && load.cpus > cpus) found.push(`${job.id}: more CPUs than ${nodeId} has`);
  if (job.shape.memoryBytes > 0 && load.memoryBytes > memoryBytes)
    found.push(`${job.id}: more memory than ${nodeId} has`);
  load.exclusive += Number(job.shape.exclusive);
  load.jobs += 1;
  return found;
}

/** Whoever starts may not pass a quota by it; what ran already may be above one that was lowered. */
function quotaFaults({ starts }: Plan, world: EngineWorld): string[] {
  const running = [...world.placed.values()].map(({ job }) => job);
  return starts.flatMap(({ jobId }) => {
    const job = world.queued.get(jobId);
    if (!job) return [];
    running.push(job);
    return world.policy.quotas
      .filter((quota) => isOf(quota.of, job.owner) && isPassed(quota, job, running))
      .map(({ of }) => `${jobId}: above the quota of ${JSON.stringify(of)}`);
  });
}

function isPassed(quota: Quota, { shape }: WaitingJob, running: readonly WaitingJob[]): boolean {
  const counted = running.filter(({ owner }) => isOf(quota.of, owner));
  const twentieths = counted.reduce(
    (sum, job) => sum + (job.shape.deviceKind === shape.deviceKind ? allTwentieths(job.shape) : 0),
    0,
  );
  const most = shape.deviceKind === 'gpu' ? quota.hardGpus : quota.hardCpuSlots;
  return twentieths > 20 * (most ?? Infinity) || counted.length > (quota.runningJobs ?? Infinity);
}

function isOf(of: Quota['of'], owner: Owner): boolean {
  if ('userId' in of) return of.userId === owner.userId;
  return 'groupId' in of && of.groupId === owner.groupId;
}

function preemptionFaults({ preemptions, starts }: Plan, world: EngineWorld): string[] {
  const stopped = preemptions.map(({ jobId }) => jobId);
  const found = new Set(stopped).size < stopped.length ? ['one is stopped twice'] : [];
  for (const { jobId, forJobId } of preemptions) {
    const victim = world.placed.get(jobId);
    const job = world.queued.get(forJobId);
    if (victim && job) found.push(...victimFaults(victim, world), ...rankFaults(victim.job, job, world));
    else found.push(`${jobId} for ${forJobId}: nobody`);
    if (starts.some((start) => start.jobId === forJobId)) found.push(`${forJobId} starts without it`);
  }
  return found;
}

function victimFaults({ job, since, isStopping }: RunningAttempt, { policy, now }: EngineWorld): string[] {
  const found: string[] = [];
  if (!job.keepsCheckpoints) found.push(`${job.id} keeps no checkpoints`);
  if (since === null || now - since < policy.preemption.minRunMs) found.push(`${job.id} ran too short`);
  if (isStopping) found.push(`${job.id} is stopping already`);
  if (policy.classes.every(({ name, preemptible }) => name !== job.className || !preemptible))
    found.push(`${job.id}: its class may not be stopped`);
  return found;
}

/** Who reclaims what is guaranteed need not be of a higher class. */
function rankFaults(victim: WaitingJob, job: WaitingJob, { policy, engine }: EngineWorld): string[] {
  if (policy.quotas.some(({ guaranteedGpus = 0 }) => guaranteedGpus > 0)) return [];
  if (policy.preemption.by === 'order')
    return engine.priority(victim.className) > engine.priority(job.className)
      ? [`${victim.id} is above ${job.id}`]
      : [];
  const preempts = policy.classes.some(({ name, preempts: may }) => name === job.className && may);
  const isLower = engine.priority(victim.className) < engine.priority(job.className);
  return isLower && preempts ? [] : [`${victim.id} is not below ${job.id}`];
}
