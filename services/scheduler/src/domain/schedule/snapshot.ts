// What one scheduling pass looks at: the queue and the nodes, as they are now. Immutable.
import type { Device, NodeDescription, PinnedSpec } from '@baton/contracts';

/** What a job needs to be placed. Jobs of one shape stand or fall together. */
export interface Shape {
  readonly deviceKind: Device['kind'];
  readonly devices: number;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly nodeId: string | null;
}

export interface QueuedJob {
  readonly id: string;
  /** Place in the queue: the position of its submission in the log. A retried job keeps it. */
  readonly order: number;
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
  /** Heard from just now: jobs may be placed on it. */
  readonly reachable: boolean;
  /** Device id -> the job that holds it. */
  readonly held: ReadonlyMap<string, string>;
  readonly usedCpus: number;
  readonly usedMemoryBytes: number;
}

export interface Snapshot {
  readonly buckets: readonly Bucket[];
  readonly nodes: readonly NodeSnapshot[];
}

/** A job that asks for no GPU takes one CPU slot. */
export function shapeOf(spec: Pick<PinnedSpec, 'resources' | 'nodeId'>): Shape {
  const { gpus, cpus, memoryBytes } = spec.resources;
  return { deviceKind: gpus > 0 ? 'gpu' : 'cpu', devices: Math.max(1, gpus), cpus, memoryBytes, nodeId: spec.nodeId };
}

export function shapeKey(shape: Shape): string {
  return `${shape.deviceKind}:${shape.devices}:${shape.cpus}:${shape.memoryBytes}:${shape.nodeId ?? '*'}`;
}
