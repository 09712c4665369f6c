// What one scheduling pass looks at: the queue and the nodes, as they are now. Immutable.
import type { NodeDescription, PinnedSpec, WaitCode } from '@baton/contracts';
import type { EngineShape } from './engine-model.ts';

/** What a job needs to be placed. Jobs of one shape stand or fall together. */
export type Shape = EngineShape;

export interface QueuedJob {
  readonly id: string;
  /** Place in the queue: the position of its submission in the log. A retried job keeps it. */
  readonly order: number;
  /** The number that its next attempt gets. */
  readonly nextAttempt: number;
}

/** Queued jobs of one shape, in order. */
export interface Bucket {
  readonly key: string;
  readonly shape: Shape;
  readonly jobs: readonly QueuedJob[];
}

export interface NodeSnapshot {
  readonly id: string;
  readonly description: NodeDescription;
  /** Why no job may be placed on it now; null if jobs may. */
  readonly refuses: WaitCode | null;
  /** What is placed on it and holds or awaits devices, in the order of placement. */
  readonly attempts: readonly PlacedAttempt[];
  /** Device id -> the job that holds it, or that it is promised to though free for the moment. */
  readonly held: ReadonlyMap<string, string>;
  readonly usedCpus: number;
  readonly usedMemoryBytes: number;
}

export interface PlacedAttempt {
  readonly jobId: string;
  readonly attempt: number;
  readonly order: number;
  readonly shape: Shape;
  readonly devices: readonly string[];
  /** Null once it has all its devices. */
  readonly waiting: { readonly count: number; readonly pool: readonly string[]; readonly isRevoking: boolean } | null;
}

export interface Snapshot {
  readonly buckets: readonly Bucket[];
  readonly nodes: readonly NodeSnapshot[];
}

/** What is placed on a node, with everything that follows from it. */
export function nodeSnapshot(
  node: Pick<NodeSnapshot, 'id' | 'description' | 'refuses'>,
  attempts: readonly PlacedAttempt[],
): NodeSnapshot {
  const used = (need: (shape: Shape) => number) =>
    attempts.reduce((sum, attempt) => sum + reserved(attempt, attempts, need), 0);
  return {
    ...node,
    attempts,
    held: heldDevices(attempts),
    usedCpus: used((shape) => shape.cpus),
    usedMemoryBytes: used((shape) => shape.memoryBytes),
  };
}

function heldDevices(attempts: readonly PlacedAttempt[]): Map<string, string> {
  const held = new Map<string, string>();
  for (const { jobId, devices } of attempts) for (const device of devices) held.set(device, jobId);
  // A device that has just come free is the first waiting attempt's, whose start is perhaps not reported yet.
  for (const { jobId, waiting } of attempts) {
    if (!waiting) continue;
    const free = waiting.pool.filter((device) => !held.has(device));
    for (const device of free.slice(0, waiting.count)) held.set(device, jobId);
  }
  return held;
}

/** A waiting attempt needs beside what others use now only what the smallest of those it waits for will not give back. */
function reserved(attempt: PlacedAttempt, attempts: readonly PlacedAttempt[], need: (shape: Shape) => number): number {
  if (!attempt.waiting) return need(attempt.shape);
  const { pool } = attempt.waiting;
  const ahead = attempts.filter((other) => !other.waiting && other.devices.some((device) => pool.includes(device)));
  const back = ahead.length === 0 ? 0 : Math.min(...ahead.map((other) => need(other.shape)));
  return Math.max(0, need(attempt.shape) - back);
}

type ShapingSpec = Pick<PinnedSpec, 'resources' | 'nodeId' | 'nodes' | 'environment'> &
  Pick<PinnedSpec, 'requires' | 'prefers' | 'exclusive'>;

/** A job that asks for no GPU takes one CPU slot. */
export function shapeOf(spec: ShapingSpec): Shape {
  const { gpus, cpus, memoryBytes, gpuModel, gpuMemoryBytes = 0 } = spec.resources;
  return {
    deviceKind: gpus > 0 ? 'gpu' : 'cpu',
    devices: Math.max(1, gpus),
    cpus,
    memoryBytes,
    nodeId: spec.nodeId,
    nodes: spec.nodes ?? 1,
    inContainer: spec.environment.image !== undefined,
    gpuModel: gpuModel ?? null,
    gpuMemoryBytes,
    requiredLabels: spec.requires ?? {},
    preferredLabels: spec.prefers ?? {},
    exclusive: spec.exclusive ?? false,
  };
}

export function shapeKey(shape: Shape): string {
  const { deviceKind, devices, cpus, memoryBytes, nodeId, nodes, inContainer } = shape;
  const plain = [deviceKind, devices, cpus, memoryBytes, nodeId ?? '*', nodes, inContainer].join(':');
  const { gpuModel, gpuMemoryBytes, requiredLabels, preferredLabels, exclusive } = shape;
  const labels = [requiredLabels, preferredLabels].map((one) => Object.entries(one).toSorted(byName));
  const isPlain = gpuModel === null && gpuMemoryBytes === 0 && !exclusive && labels.flat().length === 0;
  return isPlain ? plain : `${plain}:${JSON.stringify([gpuModel, gpuMemoryBytes, exclusive, labels])}`;
}

function byName([one]: readonly [string, string], [other]: readonly [string, string]): number {
  return one < other ? -1 : 1;
}
