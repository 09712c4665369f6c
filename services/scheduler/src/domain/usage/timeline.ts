// The ledger itself: each device's time in a window as contiguous intervals, from what the log says of jobs and nodes. Pure.
import { attemptClaims, type AttemptEnds, concerns, settledUntil } from './attempt-claims.ts';
import { idleClaims } from './idle-marks.ts';
import { type Interval, microseconds, type Microseconds, type TimeWindow } from './interval.ts';
import type { AttemptUsage, JobUsage } from './job-usage.ts';
import { type Claim, layered } from './layers.ts';
import { type DeviceLife, devicesOf, nodeClaims } from './node-claims.ts';
import type { DeviceService, NodeUsage } from './node-usage.ts';

/** A node's silence is noted, with the time since which it is silent, within this. */
const SILENCE_NOTED_WITHIN = microseconds(10_000);

export interface DeviceTimeline {
  readonly nodeId: string;
  readonly device: DeviceLife;
  /** Contiguous, from the window's begin or the device's, to the window's end. */
  readonly intervals: readonly Interval[];
}

export interface UsageLog {
  readonly nodes: readonly NodeUsage[];
  /** Every job that was not over before the window, and began before its end; more change nothing. */
  readonly jobs: readonly JobUsage[];
  /** What the log says, it says up to here. */
  readonly asOf: Microseconds;
}

export function timelines(log: UsageLog, window: TimeWindow): DeviceTimeline[] {
  const attempts = log.jobs.flatMap((job) => job.attempts);
  return log.nodes.flatMap((node) => {
    // One behind another is on the same node: of a job on several nodes, it waits for the part that is there.
    const own = attempts.filter((attempt) => attempt.nodeId === node.nodeId);
    const byKey = new Map(own.map((attempt) => [`${attempt.jobId}#${attempt.attempt}`, attempt]));
    const find: AttemptEnds = ({ jobId, attempt }) => byKey.get(`${jobId}#${attempt}`);
    return nodeTimelines(node, { log, window, attempts: own, find });
  });
}

interface Context {
  readonly log: UsageLog;
  readonly window: TimeWindow;
  readonly attempts: readonly AttemptUsage[];
  readonly find: AttemptEnds;
}

function nodeTimelines(node: NodeUsage, context: Context): DeviceTimeline[] {
  const { window, log } = context;
  const idle = new Map<DeviceService['kind'], Claim[]>();
  const idleOf = (kind: DeviceService['kind']) => {
    const claims = idle.get(kind) ?? idleClaims(node, kind, log.jobs, window);
    idle.set(kind, claims);
    return claims;
  };
  return devicesOf(node)
    .filter((device) => device.joinedAt < window.to)
    .map((device) => {
      const present = { from: Math.max(window.from, device.joinedAt), to: window.to };
      const claims = [...nodeClaims(node, device.id, present), ...idleOf(device.kind)];
      const intervals = deviceIntervals(device.id, present, claims, context);
      return { nodeId: node.nodeId, device, intervals };
    });
}

function deviceIntervals(
  device: string,
  window: TimeWindow,
  claims: readonly Claim[],
  { attempts, find, log }: Context,
): Interval[] {
  const concerned = attempts.filter((attempt) => concerns(attempt, device));
  const finalUntil = concerned.reduce(
    (earliest, attempt) => Math.min(earliest, settledUntil(attempt, device, find)),
    log.asOf - SILENCE_NOTED_WITHIN,
  );
  return layered([...claims, ...concerned.flatMap((attempt) => attemptClaims(attempt, find))], window, finalUntil);
}
