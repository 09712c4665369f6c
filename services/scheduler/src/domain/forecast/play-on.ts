// One way in which it may go on: the present played on with run times that a seed decides, by the production engine with a fake clock. Pure.
import type { Policy } from '@baton/contracts';
import type { Booking, EngineNode, RunningAttempt, WaitingJob } from '../schedule/engine-model.ts';
import { Engine } from '../schedule/engine.ts';
import { type LedgerSnapshot, UsageLedger } from '../schedule/fair-share.ts';
import { random } from '../simulation/random.ts';
import type { SimulatedJob } from '../simulation/simulated-job.ts';
import { simulating } from '../simulation/simulation.ts';
import type { Distribution } from './distribution.ts';

/** A job as far as it is played: it runs, waits, or will wait from `arrivesAt` on. */
export interface PlayedJob {
  readonly job: WaitingJob;
  /** Null: it is in the queue, or will be. */
  readonly placed: RunningAttempt | null;
  readonly arrivesAt: number;
  /** Of the whole job, knowing how long it has run. */
  readonly total: Distribution;
}

/** What stands around the jobs. */
export interface Stage {
  readonly at: number;
  readonly policy: Policy;
  readonly nodes: readonly EngineNode[];
  readonly bookings: readonly Booking[];
  readonly usage: LedgerSnapshot;
}

/** What has not started by then can't be foreseen. */
const HORIZON_MS = 365 * 86_400_000;
const STEP = 100;

/** Jobs that don't end by the horizon are not there. */
export type Future = ReadonlyMap<string, { readonly startedAt: number; readonly endedAt: number }>;

/** As if nobody submitted anything; a step at a time. */
export function* playOn(
  { at, policy, nodes, bookings, usage }: Stage,
  jobs: readonly PlayedJob[],
  seed: number,
): Generator<undefined, Future> {
  const draw = random(seed);
  // Those in line keep their places there. That others would join them costs many plans, and starts hardly anything at another time.
  const handOff = { ...policy.handOff, enabled: false };
  const engine = new Engine({ ...policy, handOff }, UsageLedger.restore(usage));
  engine.setBookings(bookings);
  const simulated: SimulatedJob[] = [];
  for (const job of jobs) {
    simulated.push(simulatedJob(job, draw()));
    if (simulated.length % STEP === 0) yield;
  }
  const { outcomes } = yield* simulating(simulated, engine, {
    nodes,
    placed: jobs.flatMap(({ placed }) => placed ?? []),
    restartCostMs: 0,
    startAt: at,
    stopAt: at + HORIZON_MS,
    mayStick: true,
  });
  return new Map(
    outcomes.map(({ job, firstStartedAt, endedAt }) => [job.id, { startedAt: firstStartedAt, endedAt }] as const),
  );
}

function simulatedJob({ job, total, arrivesAt }: PlayedJob, share: number): SimulatedJob {
  const { order, nextAttempt, servedMs, graceMs, reservation } = job;
  const present = { order, nextAttempt, servedMs, graceMs, reservation };
  return { ...job, durationMs: Math.ceil(total.quantile(share)), arrivesAt, present };
}
