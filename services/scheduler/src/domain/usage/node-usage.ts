// What the log says of a node, as far as it tells what its devices could be used for, and when that changed.
import type { Device, NodeDescription, NodeEvent } from '@baton/contracts';
import { runsContainers } from '../schedule/hardware.ts';
import { type Microseconds, microseconds } from './interval.ts';

export interface DeviceService {
  readonly id: string;
  readonly kind: Device['kind'];
  readonly model: string;
  readonly memoryBytes: number;
  /** Null if it is well. */
  readonly fault: string | null;
}

export interface NodeCapacity {
  readonly devices: readonly DeviceService[];
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly labels: NodeDescription['labels'];
  /** Absent: no jobs share its devices. */
  readonly jobsPerDevice?: number;
  /** Absent: it runs none. */
  readonly containers?: true;
}

/** How the node is from `at` on. */
export interface NodePhase {
  readonly at: Microseconds;
  /** Index in `capacities`: a node that comes and goes all day does not repeat its devices each time. */
  readonly capacity: number;
  readonly reachable: boolean;
  /** Why it takes no new jobs; null if it does. */
  readonly cordon: string | null;
  readonly removed: boolean;
}

export interface NodeUsage {
  readonly nodeId: string;
  readonly name: string;
  readonly capacities: readonly NodeCapacity[];
  /** In order of time; the first begins when the node has joined. */
  readonly phases: readonly NodePhase[];
  /** When no scheduler led. */
  readonly outages: readonly { readonly from: Microseconds; readonly to: Microseconds }[];
}

export interface NodeCommit {
  readonly nodeId: string;
  readonly atMs: number;
}

export function evolveNodeUsage(usage: NodeUsage | null, event: NodeEvent, commit: NodeCommit): NodeUsage | null {
  const at = microseconds(commit.atMs);
  switch (event.type) {
    case 'NodeRegistered':
      return described({ ...(usage ?? newcomer(commit.nodeId)), name: event.data.name }, event.data, at, false);
    case 'NodeChanged':
      return usage && described({ ...usage, name: event.data.name }, event.data, at, null);
    case 'NodeUnreachable':
      return usage && changed(usage, microseconds(event.data.lastSeenAt), { reachable: false });
    case 'NodeReachable':
      return usage && changed(usage, at, { reachable: true });
    case 'NodeCordoned':
      return usage && changed(usage, at, { cordon: `cordoned: ${event.data.reason}` });
    case 'NodeUncordoned':
      return usage && changed(usage, at, { cordon: null });
    case 'NodeRemoved':
      return usage && changed(usage, at, { removed: true });
    case 'NodeSharingChanged':
      return usage && sharing(usage, event.data.jobsPerDevice, at);
    case 'NodeWatchResumed':
      return usage && withOutage(usage, microseconds(event.data.unwatchedSince), at);
    // Nothing that devices are used for.
    case 'NodeAdded':
    case 'NodeJoined':
      return usage;
    default:
      return event satisfies never;
  }
}

type Description = Extract<NodeEvent, { type: 'NodeRegistered' }>['data'];

function newcomer(nodeId: string): NodeUsage {
  return { nodeId, name: nodeId, capacities: [], phases: [], outages: [] };
}

/** Whoever describes itself is heard. */
function described(usage: NodeUsage, description: Description, at: Microseconds, removed: false | null): NodeUsage {
  const { cpus, memoryBytes, labels } = description;
  const devices = description.devices.map((device) => {
    const { id, kind, model, memoryBytes: ofDevice, fault = null } = device;
    return { id, kind, model, memoryBytes: ofDevice, fault };
  });
  const last = usage.phases.at(-1) ?? { cordon: null, removed: false };
  const { capacities, capacity } = withCapacity(usage.capacities, {
    devices,
    cpus,
    memoryBytes,
    labels,
    ...sharingOf(usage),
    ...(runsContainers(description) ? { containers: true } : {}),
  });
  const state = { reachable: true, cordon: last.cordon, removed: removed ?? last.removed };
  return withPhase({ ...usage, capacities }, { at, capacity, ...state });
}

/** What an admin has said of it stands, whatever its agent says. */
function sharingOf({ capacities, phases }: NodeUsage): Pick<NodeCapacity, 'jobsPerDevice'> {
  const jobsPerDevice = capacities[phases.at(-1)?.capacity ?? -1]?.jobsPerDevice;
  return jobsPerDevice === undefined ? {} : { jobsPerDevice };
}

function sharing(usage: NodeUsage, jobsPerDevice: number, at: Microseconds): NodeUsage {
  const last = usage.phases.at(-1);
  const present = last && usage.capacities[last.capacity];
  if (!present) return usage;
  const { jobsPerDevice: _before, ...rest } = present;
  const { capacities, capacity } = withCapacity(usage.capacities, {
    ...rest,
    ...(jobsPerDevice > 1 ? { jobsPerDevice } : {}),
  });
  return withPhase({ ...usage, capacities }, { ...last, at, capacity });
}

function withCapacity(known: readonly NodeCapacity[], wanted: NodeCapacity) {
  const text = JSON.stringify(wanted);
  const index = known.findIndex((candidate) => JSON.stringify(candidate) === text);
  return index === -1
    ? { capacities: [...known, wanted], capacity: known.length }
    : { capacities: known, capacity: index };
}

function changed(usage: NodeUsage, at: Microseconds, change: Partial<NodePhase>): NodeUsage {
  const last = usage.phases.at(-1);
  return last ? withPhase(usage, { ...last, ...change, at }) : usage;
}

/** A time before the last boundary is clamped to it: boundaries never go back. */
function withPhase(usage: NodeUsage, phase: NodePhase): NodeUsage {
  const last = usage.phases.at(-1);
  if (!last) return { ...usage, phases: [phase] };
  const at = Math.max(last.at, phase.at);
  return isSame(last, phase) ? usage : { ...usage, phases: [...usage.phases, { ...phase, at }] };
}

function isSame(one: NodePhase, other: NodePhase): boolean {
  return (
    one.capacity === other.capacity &&
    one.reachable === other.reachable &&
    one.cordon === other.cordon &&
    one.removed === other.removed
  );
}

function withOutage(usage: NodeUsage, since: Microseconds, at: Microseconds): NodeUsage {
  const from = Math.max(since, usage.outages.at(-1)?.to ?? 0);
  return from < at ? { ...usage, outages: [...usage.outages, { from, to: at }] } : usage;
}
