// One scheduling pass, pure: which queued jobs start where, and for each shape that does not, why. First in, first out.
import type { WaitCode } from '@baton/contracts';
import { lacks, place } from './fit.ts';
import type { Bucket, NodeSnapshot, QueuedJob, Shape, Snapshot } from './snapshot.ts';

export interface Start {
  readonly jobId: string;
  readonly nodeId: string;
  readonly devices: readonly string[];
}

export interface Decisions {
  readonly starts: readonly Start[];
  /** Bucket key -> why its first job does not start; those behind it wait for it. */
  readonly blocked: ReadonlyMap<string, WaitCode>;
}

/**
 * Takes the jobs in the order of submission. A job that can't start blocks every node that could hold it, for jobs of
 * the same kind of device: nobody who came later takes what it waits for. Cost: O(buckets x nodes + starts).
 */
export function schedule(snapshot: Snapshot): Decisions {
  const starts: Start[] = [];
  const blocked = new Map<string, WaitCode>();
  const nodes = new Map(snapshot.nodes.map((node) => [node.id, node]));
  const claimed = new Set<string>();
  const cursors = snapshot.buckets.map((bucket) => ({ bucket, next: 0 }));
  for (let head = earliest(cursors, blocked); head; head = earliest(cursors, blocked)) {
    const { bucket } = head.cursor;
    const outcome = tryStart(bucket.shape, nodes, claimed);
    if (typeof outcome === 'string') {
      blocked.set(bucket.key, outcome);
      claim(bucket.shape, nodes, claimed);
      continue;
    }
    starts.push({ jobId: head.job.id, nodeId: outcome.node.id, devices: outcome.devices });
    nodes.set(outcome.node.id, occupied(outcome.node, head.job.id, outcome.devices, bucket.shape));
    head.cursor.next += 1;
  }
  return { starts, blocked };
}

interface Cursor {
  readonly bucket: Bucket;
  next: number;
}

function earliest(
  cursors: readonly Cursor[],
  blocked: ReadonlyMap<string, WaitCode>,
): { cursor: Cursor; job: QueuedJob } | null {
  let best: { cursor: Cursor; job: QueuedJob } | null = null;
  for (const cursor of cursors) {
    const job = cursor.bucket.jobs[cursor.next];
    if (!job || blocked.has(cursor.bucket.key)) continue;
    if (!best || job.order < best.job.order) best = { cursor, job };
  }
  return best;
}

function tryStart(
  shape: Shape,
  nodes: ReadonlyMap<string, NodeSnapshot>,
  claimed: ReadonlySet<string>,
): { node: NodeSnapshot; devices: string[] } | WaitCode {
  let reason: WaitCode = 'no-node';
  for (const node of nodes.values()) {
    if (lacks(shape, node).length > 0) continue;
    if (claimed.has(claimKey(node.id, shape))) {
      reason = 'behind-in-queue';
      continue;
    }
    const placement = place(shape, node);
    if (placement.fits) return { node, devices: placement.devices };
    reason = placement.code;
  }
  return reason;
}

function claim(shape: Shape, nodes: ReadonlyMap<string, NodeSnapshot>, claimed: Set<string>): void {
  for (const node of nodes.values()) {
    if (lacks(shape, node).length === 0) claimed.add(claimKey(node.id, shape));
  }
}

function claimKey(nodeId: string, shape: Shape): string {
  return `${nodeId}/${shape.deviceKind}`;
}

function occupied(node: NodeSnapshot, jobId: string, devices: readonly string[], shape: Shape): NodeSnapshot {
  const held = new Map(node.held);
  for (const device of devices) held.set(device, jobId);
  return {
    ...node,
    held,
    usedCpus: node.usedCpus + shape.cpus,
    usedMemoryBytes: node.usedMemoryBytes + shape.memoryBytes,
  };
}
