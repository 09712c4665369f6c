// How good forecasts would have been: jobs played through the ledger with a fake clock, told of as they wait, and judged as they start and end.
import type { AttemptResult, PinnedSpec, Policy, StartForecast } from '@baton/contracts';
import type { ForecastFigures } from '../forecast/forecast-score.ts';
import { parcels } from '../forecast/parcels.ts';
import { type Played, Player, rangeAt } from '../forecast/player.ts';
import { foretold, presentOf } from '../forecast/present.ts';
import { type JobCommand, jobDecider } from '../job.commands.ts';
import { JobLedger, type KnownNode } from '../ledger.ts';
import { EventHeap } from './event-heap.ts';

/** On one node: its ranks are not played. */
export interface TrueJob {
  readonly id: string;
  readonly userId: string;
  readonly spec: PinnedSpec;
  readonly submittedAt: number;
  /** At most its limit. */
  readonly durationMs: number;
}

export interface ForecastReplayOptions {
  readonly nodes: readonly KnownNode[];
  readonly policy: Policy;
  /** Between two forecasts. */
  readonly everyMs: number;
  /** So many of the queue, from its head. */
  readonly mostQueued: number;
}

export type ForecastQuality = Readonly<Record<'runTime' | 'start' | 'end', ForecastFigures>>;

/** Jobs in the order of their submission. */
export function forecastReplay(jobs: readonly TrueJob[], options: ForecastReplayOptions): ForecastQuality {
  return new ForecastReplay(options).run(jobs);
}

class ForecastReplay {
  readonly #options: ForecastReplayOptions;
  readonly #ledger = new JobLedger();
  readonly #ends = new EventHeap<TrueJob>();
  readonly #jobs = new Map<string, TrueJob>();
  /** What was said first of jobs that wait. */
  readonly #first = new Map<string, StartForecast>();
  #position = 0;
  #forecastAt = -Infinity;

  constructor(options: ForecastReplayOptions) {
    this.#options = options;
  }

  run(jobs: readonly TrueJob[]): ForecastQuality {
    const { nodes, policy } = this.#options;
    this.#ledger.setPolicy(policy, jobs[0]?.submittedAt ?? 0);
    this.#ledger.setNodes(nodes);
    let arrived = 0;
    for (;;) {
      const arrivesAt = jobs[arrived]?.submittedAt ?? Infinity;
      const now = Math.min(this.#ends.nextAt, arrivesAt);
      if (now === Infinity) return this.#ledger.forecasts.figures();
      for (let job = this.#ends.popUntil(now); job; job = this.#ends.popUntil(now)) this.#end(job, now);
      for (let job = jobs[arrived]; job && job.submittedAt <= now; job = jobs[arrived]) {
        arrived += 1;
        this.#submit(job, now);
      }
      this.#schedule(now);
      if (now - this.#forecastAt >= this.#options.everyMs && this.#ledger.engine.queueIndex.size > 0)
        this.#foretell(now);
    }
  }

  #submit(job: TrueJob, now: number): void {
    const owned = { ownerId: job.userId, groupId: null, visibility: 'private' } as const;
    this.#jobs.set(job.id, job);
    this.#tell(job.id, { type: 'Submit', spec: job.spec, owned, rerunOf: null }, now);
  }

  #end({ id, durationMs }: TrueJob, now: number): void {
    this.#jobs.delete(id);
    const result: AttemptResult = { ...EXITED, lastLines: [], startedAt: now - durationMs, endedAt: now };
    this.#tell(id, { type: 'RecordEnded', attempt: 1, result, now }, now);
  }

  #schedule(now: number): void {
    const { starts, reservations } = this.#ledger.engine.plan(now);
    for (const { jobId, nodeId, devices } of starts) {
      const job = this.#jobs.get(jobId);
      if (!job) throw new Error(`${jobId} was never submitted`);
      const forecast = this.#first.get(jobId);
      this.#first.delete(jobId);
      this.#tell(jobId, { type: 'Assign', nodeId, devices, ...(forecast ? { forecast } : {}) }, now);
      this.#tell(jobId, { type: 'RecordStarting', attempt: 1 }, now);
      this.#tell(jobId, { type: 'RecordStarted', attempt: 1, at: now }, now);
      this.#ends.push(now + job.durationMs, job);
    }
    for (const { jobId, reservation } of reservations)
      this.#tell(jobId, reservation ? { type: 'ReserveStart', ...reservation } : { type: 'DropReservation' }, now);
  }

  #foretell(at: number): void {
    this.#forecastAt = at;
    const { forecasts } = this.#ledger;
    const present = presentOf(this.#ledger, at, this.#options.mostQueued);
    const jobs = done(foretold(present, forecasts));
    const player = new Player();
    let played: Played | null = null;
    for (const parcel of parcels(present, jobs, { seed: this.#position, mostMs: Infinity }))
      played = player.take(parcel, () => 0);
    for (const [index, { job, placed }] of jobs.entries()) {
      const reckoned = played && rangeAt(played, index);
      if (!reckoned || placed || this.#first.has(job.id)) continue;
      const { range, isSure } = forecasts.state(at, reckoned);
      this.#first.set(job.id, { at, ...range, ...(isSure ? { reckoned } : {}) });
    }
  }

  #tell(id: string, command: JobCommand, at: number): void {
    const record = this.#ledger.active(id);
    const events = jobDecider.decide(command, record?.state ?? jobDecider.initialState);
    this.#position += 1;
    this.#ledger.apply(id, events, { position: this.#position, revision: (record?.revision ?? 0) + 1, hash: '', at });
  }
}

const EXITED = {
  reason: 'exited',
  exitCode: 0,
  signal: null,
  message: '',
  finalMetrics: {},
  artifacts: null,
} as const;

function done<R>(steps: Generator<undefined, R>): R {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
