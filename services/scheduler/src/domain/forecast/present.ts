// The cluster and the queue as they are, taken down so that they can be played on from: nothing here changes afterwards. Pure.
import type { Policy } from '@baton/contracts';
import type { JobRecord } from '../job-record.ts';
import type { JobLedger } from '../ledger.ts';
import { waitingJob } from '../schedule/engine-job.ts';
import type { Booking, EngineNode, RunningAttempt, WaitingJob } from '../schedule/engine-model.ts';
import type { LedgerSnapshot } from '../schedule/fair-share.ts';
import { Distribution } from './distribution.ts';
import type { ForecastBook } from './forecast-book.ts';
import { forecastOf, type RunTimeForecast } from './run-time-predictor.ts';

/** A job that runs, waits, or will wait from a time on that is known. */
export interface PresentJob {
  readonly job: WaitingJob;
  readonly record: JobRecord;
  /** Null: it is in the queue. */
  readonly placed: RunningAttempt | null;
  /** From then on it may be placed. */
  readonly arrivesAt: number;
}

export interface Present {
  readonly at: number;
  readonly policy: Policy;
  readonly nodes: readonly EngineNode[];
  readonly bookings: readonly Booking[];
  readonly usage: LedgerSnapshot;
  readonly jobs: readonly PresentJob[];
}

/** With what is known of its run time. */
export interface ForetoldJob extends PresentJob {
  /** Of the whole job, knowing how long it has run. */
  readonly total: Distribution;
  readonly runTime: RunTimeForecast;
}

/** One that is asked to stop is gone so soon. */
const STOPPING_MS = 5_000;
const STEP = 50;

/** With the first `most` of the queue, in its order. */
export function presentOf(ledger: JobLedger, at: number, most: number): Present {
  const { engine } = ledger;
  const { policy, bookings } = engine;
  const known = devicesOf(engine.nodes());
  const jobs: PresentJob[] = [];
  const add = (id: string, placed: RunningAttempt | null, arrivesAt: number) => {
    const record = ledger.active(id);
    if (record) jobs.push({ record, placed, arrivesAt, job: placed?.job ?? waitingJob(record, policy) });
  };
  for (const attempt of engine.placed()) if (isThere(attempt, known)) add(attempt.job.id, attempt, at);
  const walk = engine.queueIndex.walk(engine.orderView(at));
  for (let job = walk.next(), count = 0; job && count < most; job = walk.next(), count += 1) add(job.id, null, at);
  const delayed = ledger.delayed().toSorted((a, b) => a.until - b.until);
  for (const { id, until } of delayed.slice(0, most)) add(id, null, Math.max(at, until));
  return { at, policy, bookings, usage: engine.usage.snapshot(), nodes: [...engine.nodes()], jobs };
}

/** Looks the run times up, a step at a time. */
export function* foretold({ jobs, at, policy }: Present, book: ForecastBook): Generator<undefined, ForetoldJob[]> {
  const found: ForetoldJob[] = [];
  for (const job of jobs) {
    found.push(foretoldJob(job, book, { at, defaultLimitMs: policy.backfill.defaultTimeLimitMs }));
    if (found.length % STEP === 0) yield;
  }
  return found;
}

function foretoldJob(
  present: PresentJob,
  book: ForecastBook,
  { at, defaultLimitMs }: { readonly at: number; readonly defaultLimitMs: number },
): ForetoldJob {
  const { record, placed } = present;
  const { spec, ownerId, servedMs } = record.state;
  const prediction = book.predict({ userId: ownerId, spec }, defaultLimitMs);
  const since = placed?.since ?? null;
  const ranMs = servedMs + (since === null ? 0 : Math.max(0, at - since));
  const runTime = forecastOf(prediction);
  if (placed?.isStopping === true) return { ...present, runTime, total: stopping(ranMs) };
  const total = prediction.distribution.lastingBeyond(ranMs);
  // Each attempt may take the whole limit.
  const limitMs = spec.timeLimitMs === null ? Infinity : servedMs + spec.timeLimitMs;
  return { ...present, runTime, total: total.capped(limitMs) };
}

function stopping(ranMs: number): Distribution {
  const from = Math.max(1, ranMs);
  return new Distribution([
    { share: 0, ms: from },
    { share: 1, ms: from + STOPPING_MS },
  ]);
}

/** Of each node, the devices that there are. */
export function devicesOf(nodes: Iterable<EngineNode>): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(
    [...nodes].map(({ id, description }) => [id, new Set(description.devices.map((device) => device.id))]),
  );
}

/** On nodes and devices that there are: what was there before holds nothing that could come free. */
export function isThere({ parts, waiting }: RunningAttempt, known: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  const isKnown = (nodeId: string, device: string) => known.get(nodeId)?.has(device) === true;
  const [first] = parts;
  const pool = waiting && first ? waiting.pool.every((device) => isKnown(first.nodeId, device)) : true;
  return pool && parts.every(({ nodeId, devices }) => devices.every((device) => isKnown(nodeId, device)));
}
