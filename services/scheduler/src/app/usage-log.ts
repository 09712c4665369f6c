// Reads the ledger's read models, and cuts a window's devices' time from them, a slice at a time.
import { PlatformError } from '@baton/errors';
import type { Collection } from '@baton/read-store';
import { append, type Interval, type Microseconds, type TimeWindow } from '../domain/usage/interval.ts';
import { type DeviceLife, isGone } from '../domain/usage/node-claims.ts';
import { type DeviceTimeline, timelines } from '../domain/usage/timeline.ts';
import type { JobUsageDocument, NodeUsageDocument } from '../projections/usage-documents.ts';

const PAGE = 1_000;
/** Above this an answer would take many seconds and hundreds of megabytes. */
const MOST_JOBS = 200_000;
/** A slice is computed in one go: the scheduler must not stand still meanwhile. */
const JOBS_IN_A_SLICE = 250;

export interface UsageLogPorts {
  readonly jobs: Collection<JobUsageDocument>;
  readonly nodes: Collection<NodeUsageDocument>;
  /** Lets others go first. */
  readonly breathe: () => Promise<void>;
}

export interface DeviceUsage {
  readonly node: NodeUsageDocument;
  readonly device: DeviceLife;
  readonly intervals: readonly Interval[];
}

export interface WindowUsage {
  readonly devices: readonly DeviceUsage[];
  readonly jobs: ReadonlyMap<string, JobUsageDocument>;
}

export async function readUsage(
  ports: UsageLogPorts,
  window: TimeWindow,
  { asOf, wants }: { asOf: Microseconds; wants: (node: NodeUsageDocument) => boolean },
): Promise<WindowUsage> {
  const nodes = (await allOf(ports.nodes)).filter(wants);
  const jobs = await jobsIn(ports, window);
  const found = new Map<string, GrowingUsage>();
  for (const slice of slices(window, Math.ceil(jobs.length / JOBS_IN_A_SLICE))) {
    const concerned = jobs.filter((job) => begin(job) < slice.to && (job.open || job.lastAt >= slice.from));
    for (const node of nodes) addSlice(found, node, timelines({ nodes: [node], jobs: concerned, asOf }, slice));
    await ports.breathe();
  }
  const devices = [...found.values()].filter(({ node, device }) => !isGone(node, device.id, window));
  return { devices, jobs: new Map(jobs.map((job) => [job.id, job])) };
}

interface GrowingUsage extends DeviceUsage {
  readonly intervals: Interval[];
}

function addSlice(found: Map<string, GrowingUsage>, node: NodeUsageDocument, cut: readonly DeviceTimeline[]): void {
  for (const { device, intervals } of cut) {
    const key = `${node.id}/${device.id}`;
    const entry = found.get(key) ?? { node, device, intervals: [] };
    found.set(key, entry);
    for (const interval of intervals) append(entry.intervals, interval);
  }
}

function begin(job: JobUsageDocument): Microseconds {
  return job.queued[0]?.from ?? 0;
}

function slices({ from, to }: TimeWindow, wanted: number): TimeWindow[] {
  const count = Math.max(1, Math.min(wanted, to - from));
  const at = (index: number) => from + Math.floor(((to - from) * index) / count);
  return Array.from({ length: count }, (_, index) => ({ from: at(index), to: at(index + 1) }));
}

async function allOf(collection: Collection<NodeUsageDocument>): Promise<NodeUsageDocument[]> {
  const found: NodeUsageDocument[] = [];
  let cursor: string | null | undefined;
  do {
    const sort = { field: 'name', descending: false };
    const page = await collection.page({ anyOf: [], sort, limit: PAGE, ...(cursor ? { cursor } : {}) });
    found.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor);
  return found;
}

/** Those that are open first: one that ends meanwhile is then read twice, and not missed. */
async function jobsIn(ports: UsageLogPorts, window: TimeWindow): Promise<JobUsageDocument[]> {
  const found = new Map<string, JobUsageDocument>();
  for (const open of [true, false]) {
    for await (const job of newestFirst(ports, open)) {
      if (!open && job.lastAt < window.from) break;
      if (begin(job) < window.to) found.set(job.id, job);
      if (found.size > MOST_JOBS) throw tooMany();
    }
  }
  return [...found.values()];
}

async function* newestFirst({ jobs, breathe }: UsageLogPorts, open: boolean): AsyncGenerator<JobUsageDocument> {
  const request = { anyOf: [], filter: { open }, sort: { field: 'lastAt', descending: true }, limit: PAGE };
  let cursor: string | null | undefined;
  do {
    const page = await jobs.page({ ...request, ...(cursor ? { cursor } : {}) });
    yield* page.items;
    await breathe();
    cursor = page.nextCursor;
  } while (cursor);
}

function tooMany(): PlatformError {
  return new PlatformError('invalid_input', `More than ${MOST_JOBS} jobs ran in that time. Ask for a shorter one.`, {
    issues: [{ pointer: '/since', detail: 'is too long ago' }],
  });
}
