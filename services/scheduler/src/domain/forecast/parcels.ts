// The present in pieces of plain data, for whoever plays it on in another thread: none so large that packing it keeps others waiting. Pure.
import type { Policy } from '@baton/contracts';
import type { Booking, EngineNode, RunningAttempt, WaitingJob } from '../schedule/engine-model.ts';
import type { LedgerSnapshot } from '../schedule/fair-share.ts';
import type { ForetoldJob, Present } from './present.ts';

const NODES = 5;
const JOBS = 25;

/** A job, with the place of its run times among all that were packed, from 0. */
export interface PackedJob {
  readonly job: WaitingJob;
  readonly placed: RunningAttempt | null;
  readonly arrivesAt: number;
  readonly ranMs: number;
  readonly mostMs: number | null;
  readonly runTimes: number;
}

export type Parcel =
  /** All anew. */
  | {
      readonly type: 'begin';
      readonly at: number;
      readonly policy: Policy;
      readonly bookings: readonly Booking[];
      readonly usage: LedgerSnapshot;
    }
  | { readonly type: 'nodes'; readonly nodes: readonly EngineNode[] }
  /** `runTimes`: those that no job before had. */
  | { readonly type: 'jobs'; readonly jobs: readonly PackedJob[]; readonly runTimes: readonly Float64Array[] }
  /** That is all: to be played for so long at most. */
  | { readonly type: 'play'; readonly seed: number; readonly mostMs: number };

export function* parcels(
  { at, policy, bookings, usage, nodes }: Omit<Present, 'jobs'>,
  jobs: readonly ForetoldJob[],
  play: { readonly seed: number; readonly mostMs: number },
): Generator<Parcel, undefined> {
  yield { type: 'begin', at, policy, bookings, usage };
  for (let from = 0; from < nodes.length; from += NODES)
    yield { type: 'nodes', nodes: nodes.slice(from, from + NODES) };
  const packed = new Map<Float64Array, number>();
  for (let from = 0; from < jobs.length; from += JOBS) {
    const before = packed.size;
    const some = jobs.slice(from, from + JOBS).map((job) => packedJob(job, packed));
    yield { type: 'jobs', jobs: some, runTimes: [...packed.keys()].slice(before) };
  }
  yield { type: 'play', ...play };
  return undefined;
}

function packedJob(
  { job, placed, arrivesAt, ranMs, mostMs, prediction }: ForetoldJob,
  packed: Map<Float64Array, number>,
): PackedJob {
  const flat = prediction.distribution.flat();
  const runTimes = packed.get(flat) ?? packed.size;
  packed.set(flat, runTimes);
  return { job, placed, arrivesAt, ranMs, mostMs, runTimes };
}
