// The idle-gap ledger as people ask for it: all see where the time went, and the names of those jobs that they may see.
import {
  canRead,
  type DeviceGaps,
  type GapCosts,
  type GapInterval,
  type GapsQuery,
  type GapsView,
  type GapTotals,
  partOf,
} from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { coalesced } from '../domain/usage/coalesce.ts';
import { type Interval, microseconds, type Microseconds, type TimeWindow } from '../domain/usage/interval.ts';
import type { JobUsage } from '../domain/usage/job-usage.ts';
import { addCosts, addTotals, type Cost, noTotals, plus, reasonsOf, totalsOf } from '../domain/usage/tally.ts';
import type { NodeUsageDocument } from '../projections/usage-documents.ts';
import type { Caller } from './ports.ts';
import { type DeviceUsage, readUsage, type UsageLogPorts, type WindowUsage } from './usage-log.ts';

const DAY_MS = 86_400_000;
/** Of one device in one answer. */
const MOST_INTERVALS = 500;
const MOST_JOBS = 1_000;

export interface GapsPorts extends UsageLogPorts {
  readonly now: () => number;
}

/** The job, if the caller is to be told of it. */
type Named = (jobId: string) => JobUsage | undefined;

export class Gaps {
  readonly #ports: GapsPorts;

  constructor(ports: GapsPorts) {
    this.#ports = ports;
  }

  async view({ principal }: Pick<Caller, 'principal'>, query: GapsQuery): Promise<GapsView> {
    const now = this.#ports.now();
    const until = Math.min(query.until ?? now, now);
    const since = query.since ?? Math.max(0, until - DAY_MS);
    if (since >= until) throw notBefore();
    const window = { from: microseconds(since), to: microseconds(until) };
    const usage = await readUsage(this.#ports, window, { asOf: microseconds(now), wants: isNode(query.node) });
    if (query.node !== undefined) await this.#mustExist(query.node);
    const ownerId = query.user === 'me' ? principal.userId : query.user;
    const named: Named = (jobId) => {
      const job = usage.jobs.get(jobId);
      return job && canRead(principal, job) && (ownerId ?? job.ownerId) === job.ownerId ? job : undefined;
    };
    const devices = usage.devices.map((device) => deviceGaps(device, window, named));
    const totals = devices.reduce<GapTotals>((sum, device) => addTotals(sum, device.totals), noTotals());
    return { since, until, devices, totals, reasons: reasons(usage), costs: costsOf(usage, named) };
  }

  async #mustExist(ref: string): Promise<void> {
    const { nodes } = this.#ports;
    const { items } = await nodes.page({
      anyOf: [{ id: ref }, { name: ref }],
      sort: { field: 'name', descending: false },
      limit: 1,
    });
    if (items.length === 0) throw new PlatformError('not_found', `There is no node ${ref}.`);
  }
}

function isNode(ref: string | undefined) {
  return (node: NodeUsageDocument) => ref === undefined || node.id === ref || node.name === ref;
}

function notBefore(): PlatformError {
  return new PlatformError('invalid_input', 'The time asked for is empty: `since` must lie before `until` and now.', {
    issues: [{ pointer: '/since', detail: 'must lie before `until` and now' }],
  });
}

function deviceGaps({ node, device, intervals }: DeviceUsage, window: TimeWindow, named: Named): DeviceGaps {
  const present = { from: Math.max(window.from, device.joinedAt), to: window.to };
  const shown = coalesced(intervals, present, MOST_INTERVALS);
  return {
    nodeId: node.id,
    nodeName: node.name,
    device: device.id,
    fromUs: present.from,
    toUs: present.to,
    totals: totalsOf(intervals),
    intervals: shown.map((interval) => gapInterval(interval, named)),
    coalesced: shown !== intervals,
  };
}

function gapInterval({ from, to, category, of, reason, final, lanes }: Interval, named: Named): GapInterval {
  return {
    fromUs: from,
    toUs: to,
    category,
    ...(lanes === undefined ? {} : { part: partOf(lanes.end - lanes.first) }),
    ...(of === null ? {} : { job: attemptView(of, named) }),
    ...(reason === null ? {} : { reason }),
    final,
  };
}

function attemptView({ jobId, attempt }: NonNullable<Interval['of']>, named: Named) {
  const job = named(jobId);
  return job ? { id: jobId, attempt, name: job.name, ownerId: job.ownerId } : null;
}

function reasons({ devices }: WindowUsage): GapsView['reasons'] {
  const intervals = devices.flatMap((device) => device.intervals);
  return {
    'idle-queued': reasonsOf(intervals, 'idle-queued'),
    'out-of-service': reasonsOf(intervals, 'out-of-service'),
  };
}

function costsOf({ devices }: WindowUsage, named: Named): GapCosts {
  const byJob = new Map<string, Cost>();
  for (const { intervals } of devices) addCosts(byJob, intervals);
  const users = new Map<string, Cost>();
  const groups = new Map<string, Cost>();
  const jobs: GapCosts['jobs'] = [];
  let others = plus();
  for (const [jobId, cost] of byJob) {
    const job = named(jobId);
    if (!job) {
      others = plus(others, cost);
      continue;
    }
    const { name, ownerId, groupId } = job;
    jobs.push({ jobId, name, ownerId, groupId, ...cost });
    users.set(ownerId, plus(users.get(ownerId), cost));
    if (groupId !== null) groups.set(groupId, plus(groups.get(groupId), cost));
  }
  return {
    jobs: jobs.toSorted(byCost).slice(0, MOST_JOBS),
    users: [...users].map(([userId, cost]) => ({ userId, ...cost })).toSorted(byCost),
    groups: [...groups].map(([groupId, cost]) => ({ groupId, ...cost })).toSorted(byCost),
    others,
  };
}

function byCost(one: { heldUs: Microseconds }, other: { heldUs: Microseconds }): number {
  return other.heldUs - one.heldUs;
}
