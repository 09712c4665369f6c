// One scheduling pass, pure: which queued jobs start where, which join a line, which are called back, and why others wait.
import type { Behind, RankPlace, WaitCode } from '@baton/contracts';
import { lacks, place, soundDevices } from './fit.ts';
import { type Bucket, type NodeSnapshot, nodeSnapshot, type QueuedJob, type Shape, type Snapshot } from './snapshot.ts';
import { findLine, type Line } from './stage.ts';

/**
 * With `behind`: assigned behind running attempts, with `devices` those that are free already. With `ranks`: on several nodes at
 * once, of which `nodeId` and `devices` are the first's.
 */
export interface Start {
  readonly jobId: string;
  readonly nodeId: string;
  readonly devices: readonly string[];
  readonly behind?: Behind;
  readonly ranks?: readonly RankPlace[];
}

/** A waiting attempt that could start elsewhere at once, or whose node takes no jobs any more. */
export interface Revocation {
  readonly jobId: string;
  readonly nodeId: string;
  readonly reason: string;
}

export interface Decisions {
  readonly starts: readonly Start[];
  readonly revocations: readonly Revocation[];
  /** Bucket key -> why its first job does not start; those behind it wait for it. */
  readonly blocked: ReadonlyMap<string, WaitCode>;
}

/**
 * Takes the jobs in the order of submission. One that can't start joins the line of a node. One that finds no line either
 * blocks every node that could hold it, for jobs of the same kind of device: nobody who came later takes what it waits for.
 * Cost: O(buckets x nodes + starts).
 */
export function schedule(snapshot: Snapshot): Decisions {
  const plan = new Plan(snapshot.nodes);
  plan.callBack();
  const cursors = snapshot.buckets.map((bucket) => ({ bucket, next: 0 }));
  for (let head = earliest(cursors, plan.blocked); head; head = earliest(cursors, plan.blocked)) {
    if (plan.take(head.job, head.cursor.bucket)) head.cursor.next += 1;
  }
  return plan;
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

/** The nodes as they will be when what was decided so far is done. */
class Plan implements Decisions {
  readonly starts: Start[] = [];
  readonly revocations: Revocation[] = [];
  readonly blocked = new Map<string, WaitCode>();
  readonly #nodes: Map<string, NodeSnapshot>;
  readonly #claimed = new Set<string>();

  constructor(nodes: readonly NodeSnapshot[]) {
    this.#nodes = new Map(nodes.map((node) => [node.id, node]));
  }

  /** The devices that a called-back attempt could start on are kept for it until its agent has answered. */
  callBack(): void {
    const waiting = [...this.#nodes.values()].flatMap((node) =>
      node.attempts.flatMap((attempt) =>
        attempt.waiting ? [{ node, attempt, isRevoking: attempt.waiting.isRevoking }] : [],
      ),
    );
    for (const { node, attempt, isRevoking } of waiting.toSorted((a, b) => a.attempt.order - b.attempt.order)) {
      const { jobId, shape, order } = attempt;
      const places = this.#placesFor(shape);
      const hasPlace = typeof places !== 'string';
      if (hasPlace) this.#occupy(places, { id: jobId, order, nextAttempt: attempt.attempt }, shape);
      const reason = reasonToCallBack(hasPlace, node);
      if (reason !== null && !isRevoking) this.revocations.push({ jobId, nodeId: node.id, reason });
    }
  }

  /** Places the job or blocks its bucket. */
  take(job: QueuedJob, { shape, key }: Bucket): boolean {
    const places = this.#placesFor(shape);
    if (typeof places !== 'string') {
      this.starts.push(startOn(job.id, places));
      this.#occupy(places, job, shape);
      return true;
    }
    const line = this.#lineFor(shape);
    if (line) {
      this.starts.push({ jobId: job.id, nodeId: line.node.id, devices: line.devices, behind: line.behind });
      this.#occupy([line], job, shape);
      return true;
    }
    this.blocked.set(key, places);
    this.#claim(shape);
    return false;
  }

  /** None for a job on several nodes: half of it would wait for the other half, with what others could use meanwhile. */
  #lineFor(shape: Shape): Line | null {
    if (shape.nodes > 1) return null;
    return findLine(shape, this.#nodes.values(), (node) => this.#claimed.has(claimKey(node.id, shape)));
  }

  /** As many nodes as it needs, or why there are not: all of them, or none. */
  #placesFor(shape: Shape): Places | WaitCode {
    const found: Place[] = [];
    let reason: WaitCode = 'no-node';
    const able = this.#able(shape);
    if (able.length < shape.nodes) return reason;
    for (const node of able) {
      if (this.#claimed.has(claimKey(node.id, shape))) {
        reason = 'behind-in-queue';
        continue;
      }
      const placement = place(shape, node);
      if (placement.fits) found.push({ node, devices: placement.devices });
      else reason = placement.code;
      const [first, ...rest] = found;
      if (first && found.length === shape.nodes) return [first, ...rest];
    }
    return reason;
  }

  #occupy(places: Places, { id, order, nextAttempt }: QueuedJob, shape: Shape): void {
    for (const { node, devices, behind } of places) {
      const waiting = behind ? { count: behind.count, pool: behind.pool, isRevoking: false } : null;
      const attempt = { jobId: id, attempt: nextAttempt, order, shape, devices, waiting };
      this.#nodes.set(node.id, nodeSnapshot(node, [...node.attempts, attempt]));
    }
  }

  /** Nothing is kept for a job on several nodes while too few of them take jobs at all: it may be long until they do. */
  #claim(shape: Shape): void {
    const able = this.#able(shape);
    if (shape.nodes > 1 && able.filter((node) => takesJobs(node, shape)).length < shape.nodes) return;
    for (const node of able) this.#claimed.add(claimKey(node.id, shape));
  }

  /** Those that could hold it, or a part of it, when they are empty. */
  #able(shape: Shape): NodeSnapshot[] {
    return [...this.#nodes.values()].filter((node) => lacks(shape, node).length === 0);
  }
}

/** Silence is none: a node that is heard again shall find its line as it was. */
function reasonToCallBack(hasPlace: boolean, node: NodeSnapshot): string | null {
  if (hasPlace) return 'It can start elsewhere at once.';
  return node.refuses === 'node-cordoned' ? 'Its node takes no new jobs.' : null;
}

interface Place {
  readonly node: NodeSnapshot;
  readonly devices: readonly string[];
  readonly behind?: Behind;
}

function takesJobs(node: NodeSnapshot, shape: Shape): boolean {
  return node.refuses === null && soundDevices(node, shape).length >= shape.devices;
}

/** The first is that of rank 0. */
type Places = readonly [Place, ...Place[]];

function startOn(jobId: string, places: Places): Start {
  const [{ node, devices }] = places;
  const start = { jobId, nodeId: node.id, devices };
  return places.length === 1 ? start : { ...start, ranks: places.map(rankPlace) };
}

function rankPlace({ node, devices }: Place): RankPlace {
  const { name, address = name } = node.description;
  return { nodeId: node.id, name, address, devices: [...devices] };
}

function claimKey(nodeId: string, shape: Shape): string {
  return `${nodeId}/${shape.deviceKind}`;
}
