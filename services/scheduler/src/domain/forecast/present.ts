// The cluster and the queue as they are, taken down so that they can be played on from: nothing here changes afterwards. Pure.
import type { Policy } from '@baton/contracts';
import type { JobRecord } from '../job-record.ts';
import type { JobLedger } from '../ledger.ts';
import { waitingJob } from '../schedule/engine-job.ts';
import type { Booking, EngineNode, RunningAttempt, WaitingJob } from '../schedule/engine-model.ts';
import type { LedgerSnapshot } from '../schedule/fair-share.ts';
import type { ForecastBook } from './forecast-book.ts';
import type { Prediction } from './run-time-predictor.ts';

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
  readonly prediction: Prediction;
  /** By now, of all its attempts that count. */
  readonly ranMs: number;
  /** It is stopped when it has run so long; null: it is not. */
  readonly mostMs: number | null;
}

const STEP = 25;

/** With the first `most` of the queue, in its order. It takes down what is there, and looks at none of it: others wait meanwhile. */
export function presentOf(ledger: JobLedger, at: number, most: number): Present {
  const { engine } = ledger;
  const { policy, bookings } = engine;
  const jobs: PresentJob[] = [];
  const add = (job: WaitingJob, placed: RunningAttempt | null, arrivesAt: number) => {
    const record = ledger.active(job.id);
    if (record) jobs.push({ record, placed, arrivesAt, job });
  };
  for (const attempt of engine.placed()) add(attempt.job, attempt, at);
  for (const job of firstOf(ledger, at, most)) add(job, null, at);
  const delayed = ledger.delayed().toSorted((a, b) => a.until - b.until);
  for (const { id, until } of delayed.slice(0, most)) {
    const record = ledger.active(id);
    if (record) add(waitingJob(record, policy), null, Math.max(at, until));
  }
  return { at, policy, bookings, usage: engine.usage.snapshot(), nodes: [...engine.nodes()], jobs };
}

function firstOf({ engine }: JobLedger, at: number, most: number): WaitingJob[] {
  // Whoever plays all of them orders them anyway.
  if (engine.queueIndex.size <= most) return [...engine.waiting()];
  const found: WaitingJob[] = [];
  const walk = engine.queueIndex.walk(engine.orderView(at));
  for (let job = walk.next(); job && found.length < most; job = walk.next()) found.push(job);
  return found;
}

/** Looks the run times up, a step at a time. What is on nodes that are gone is left out. */
export function* foretold(
  { jobs, at, policy, nodes }: Present,
  book: ForecastBook,
): Generator<undefined, ForetoldJob[]> {
  const known = devicesOf(nodes);
  yield;
  const found: ForetoldJob[] = [];
  for (const [index, job] of jobs.entries()) {
    if (index % STEP === STEP - 1) yield;
    if (job.placed && !isThere(job.placed, known)) continue;
    found.push(foretoldJob(job, book, { at, defaultLimitMs: policy.backfill.defaultTimeLimitMs }));
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
  // Each attempt may take the whole limit.
  const mostMs = spec.timeLimitMs === null ? null : servedMs + spec.timeLimitMs;
  return { ...present, prediction, ranMs, mostMs };
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
