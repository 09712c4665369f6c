// Why a queued job waits, in a code and in a sentence.
import type { WaitCode, WaitReason } from '@baton/contracts';
import { lacks } from './fit.ts';
import { schedule } from './schedule.ts';
import { type Shape, shapeKey, type Snapshot } from './snapshot.ts';

export interface WaitingJob {
  readonly id: string;
  readonly shape: Shape;
  readonly order: number;
  /** Not before this time; 0 if at once. */
  readonly notBefore: number;
}

export function explainWait(job: WaitingJob, snapshot: Snapshot, now: number): WaitReason {
  const position = placeInQueue(job, snapshot);
  if (job.notBefore > now) {
    const seconds = Math.ceil((job.notBefore - now) / 1_000);
    return { code: 'retry-backoff', message: `It is tried again in ${seconds} s.`, position, heldBy: [] };
  }
  const bucket = snapshot.buckets.find((candidate) => candidate.key === shapeKey(job.shape));
  const first = bucket === undefined || bucket.jobs[0]?.id === job.id;
  const code = first ? (schedule(snapshot).blocked.get(shapeKey(job.shape)) ?? 'behind-in-queue') : 'behind-in-queue';
  const heldBy = holders(job.shape, snapshot);
  const words = job.shape.nodes > 1 ? gangSentence(code, job.shape.nodes) : null;
  return { code, message: words ?? sentence(code, position, heldBy.length), position, heldBy };
}

/** For one that is assigned behind running attempts; `progress` says what is being fetched for it. */
export function explainLine(jobId: string, snapshot: Snapshot, progress: string | null): WaitReason | null {
  for (const { attempts } of snapshot.nodes) {
    const line = attempts.filter((attempt) => attempt.waiting);
    const position = line.findIndex((attempt) => attempt.jobId === jobId) + 1;
    const pool = line[position - 1]?.waiting?.pool;
    if (!pool) continue;
    const ahead = attempts.filter(({ waiting, devices }) => !waiting && devices.some((id) => pool.includes(id)));
    const heldBy = ahead.map((attempt) => attempt.jobId);
    const staging = progress === null ? '' : ` Staging: ${progress}.`;
    return {
      code: 'staged-behind',
      message: sentence('staged-behind', position, heldBy.length) + staging,
      position,
      heldBy,
    };
  }
  return null;
}

function placeInQueue(job: WaitingJob, snapshot: Snapshot): number {
  let ahead = 0;
  for (const bucket of snapshot.buckets) {
    for (const other of bucket.jobs) {
      if (other.order >= job.order) break;
      ahead += 1;
    }
  }
  return ahead + 1;
}

/** Jobs on the devices that this shape could use. */
function holders(shape: Shape, snapshot: Snapshot): string[] {
  const found = new Set<string>();
  for (const node of snapshot.nodes) {
    if (lacks(shape, node).length > 0) continue;
    for (const device of node.description.devices) {
      const holder = device.kind === shape.deviceKind ? node.held.get(device.id) : undefined;
      if (holder !== undefined) found.add(holder);
    }
  }
  return [...found];
}

/** Null where the number of nodes changes nothing. */
function gangSentence(code: WaitCode, nodes: number): string | null {
  switch (code) {
    case 'devices-busy':
    case 'cpus-busy':
    case 'memory-busy': {
      const what = { 'devices-busy': 'devices', 'cpus-busy': 'CPUs', 'memory-busy': 'memory' }[code];
      return `It waits for ${what} on ${nodes} nodes at once; what comes free meanwhile is kept for it.`;
    }
    case 'node-unreachable':
      return `Of the nodes that could hold it, fewer than ${nodes} are heard from.`;
    case 'node-cordoned':
      return `Of the nodes that could hold it, fewer than ${nodes} take new jobs for now.`;
    case 'no-node':
      return `Fewer than ${nodes} nodes that could hold it have joined.`;
    case 'reserved':
      return `It would fit on ${nodes} nodes now, but would delay a job that was promised a start there.`;
    case 'booked':
      return `Of the nodes that it would fit on now, too few stay free of bookings for others until its time limit.`;
    case 'behind-in-queue':
    case 'retry-backoff':
    case 'staged-behind':
    case 'user-quota':
    case 'group-quota':
      return null;
    default:
      return code satisfies never;
  }
}

function sentence(code: WaitCode, position: number, holding: number): string {
  switch (code) {
    case 'behind-in-queue':
      return `It is number ${position} in the queue; those ahead go first.`;
    case 'devices-busy':
      return `It waits for a device; ${holding} running ${holding === 1 ? 'job holds' : 'jobs hold'} what it could use.`;
    case 'cpus-busy':
      return 'It waits for CPUs on a node that could hold it.';
    case 'memory-busy':
      return 'It waits for memory on a node that could hold it.';
    case 'node-unreachable':
      return 'The node that could hold it is not heard from.';
    case 'node-cordoned':
      return 'The node that could hold it takes no new jobs for now.';
    case 'no-node':
      return 'No node that could hold it has joined yet.';
    case 'retry-backoff':
      return 'It is tried again after a pause.';
    case 'staged-behind':
      return `It is number ${position} in the line of its node, and starts the moment ${holding === 1 ? 'the running job ends' : 'enough of the running jobs have ended'}.`;
    case 'user-quota':
      return 'As many jobs or devices of its owner are in use as the quota allows.';
    case 'group-quota':
      return 'As many jobs or devices of its group are in use as the quota allows.';
    case 'reserved':
      return 'It would fit now, but would delay a job that was promised a start.';
    case 'booked':
      return 'It would fit now, but by its time limit would run into a booking for others.';
    default:
      return code satisfies never;
  }
}
