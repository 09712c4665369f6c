// When jobs are expected to start and to end: reckoned when somebody asks, and seldom where jobs wait long, by a thread beside this one.
import type { ExpectedTimes, StartForecast } from '@baton/contracts';
import { CONFIDENCE } from '../domain/forecast/distribution.ts';
import { type ExpectedRange, FEWEST_FUTURES, FUTURES } from '../domain/forecast/expected-times.ts';
import { expectedWords, NOTHING_EXPECTED } from '../domain/forecast/expected-words.ts';
import { parcels, type Parcel } from '../domain/forecast/parcels.ts';
import { type Played, rangeAt } from '../domain/forecast/player.ts';
import { type ForetoldJob, foretold, presentOf } from '../domain/forecast/present.ts';
import { forecastOf } from '../domain/forecast/run-time-predictor.ts';
import type { Stated } from '../domain/forecast/forecast-book.ts';
import type { JobLedger } from '../domain/ledger.ts';
import type { Gate } from '../domain/waiting-room.ts';
import { explainWait } from '../domain/schedule/explain.ts';
import type { Leader } from './leader.ts';
import type { Leadership } from './leadership.ts';
import { type SliceClock, Slices } from './slices.ts';

/** So many of the queue, from its head. */
const MOST_QUEUED = 300;
/** Of work beside; then what there is has to do. */
const BUDGET_MS = 10_000;
/** Of work in this thread, in one go. */
const SLICE_MS = 2;
/** Between two of them: at least so long, and so many times as long as the last one took here, and as it took beside. */
const REST = { leastMs: 250, times: 50, timesBeside: 2 };
/** The same, where nobody has asked. */
const UNASKED_REST = { leastMs: 60_000, times: 500, timesBeside: 50 };
/** Who waits shorter has started before anybody would have asked. */
const UNASKED_WAIT_MS = 15_000;
/** After one that failed. */
const FAILED_REST_MS = 10_000;
/** Where nothing has happened meanwhile. */
const STALE_MS = 15_000;
const OLD_MS = 120_000;
/** An answer waits no longer. */
const PATIENCE_MS = 2_000;

/** Plays on what it is sent, beside this thread. */
export interface FuturePlayer {
  send(parcel: Parcel): void;
  /** What came of it, once all was sent. */
  played(): Promise<Played>;
  stop(): void;
}

export interface ForecastPorts extends SliceClock {
  readonly leadership: Leadership;
  readonly player: FuturePlayer;
  readonly report: (error: unknown, where: string) => void;
}

interface Known {
  readonly job: ForetoldJob;
  /** Null: in some futures it never starts. */
  readonly stated: Stated<ExpectedRange> | null;
}

interface Forecast {
  readonly leader: Leader;
  readonly at: number;
  /** In the log. */
  readonly position: number;
  readonly cost: { readonly hereMs: number; readonly besideMs: number };
  /** Played through: with too few, nothing is known. */
  readonly futures: number;
  readonly jobs: ReadonlyMap<string, Known>;
}

export class Forecasts {
  readonly #ports: ForecastPorts;
  #newest: Forecast | null = null;
  #underWay: Promise<void> | null = null;
  #failedAt = -Infinity;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;
  /** Of jobs that wait, the first that was said. */
  readonly #first = new Map<string, StartForecast>();

  constructor(ports: ForecastPorts) {
    this.#ports = ports;
  }

  /** What is to be recorded when the job is assigned. */
  first(jobId: string): StartForecast | undefined {
    return this.#first.get(jobId);
  }

  /** After a pass: where jobs wait for long, something is to be said of them before it has come true, to be judged by it. */
  passed(leader: Leader): void {
    if (this.#timer !== undefined || leader.ledger.engine.queueIndex.size === 0) return;
    if (this.#newest?.leader === leader && this.#newest.position === leader.position) return;
    const pauseMs = Math.max(UNASKED_WAIT_MS, this.#restMs(UNASKED_REST));
    this.#timer = setTimeout(() => this.#unasked(), pauseMs);
    this.#timer.unref();
  }

  #unasked(): void {
    this.#timer = undefined;
    const leader = this.#ports.leadership.current();
    if (!leader || leader.ledger.engine.queueIndex.size === 0 || this.#restMs(UNASKED_REST) > 0) return;
    void this.#fresh(leader);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#ports.player.stop();
  }

  /** Waits until there is one that is new enough, but not for long; then what it says of each job. */
  async look(): Promise<(jobId: string) => ExpectedTimes> {
    const leader = this.#ports.leadership.leader();
    await Promise.race([this.#fresh(leader), new Promise<void>((resolve) => setTimeout(resolve, PATIENCE_MS).unref())]);
    return (jobId) => this.#expected(leader, jobId);
  }

  /** What was said last, if that is not long ago: for whoever only asks by the way. */
  known(jobId: string): ExpectedTimes | undefined {
    const leader = this.#ports.leadership.current();
    const newest = this.#newest;
    if (!leader || newest?.leader !== leader || Math.abs(this.#ports.now() - newest.at) > OLD_MS) return undefined;
    return newest.jobs.has(jobId) ? this.#expected(leader, jobId) : undefined;
  }

  async #fresh(leader: Leader): Promise<void> {
    if (this.#isFresh(leader)) return;
    this.#underWay ??= this.#reckon(leader)
      .catch((error: unknown) => this.#failed(error))
      .finally(() => (this.#underWay = null));
    await this.#underWay;
  }

  #failed(error: unknown): void {
    if (this.#isStopped) return;
    this.#failedAt = this.#ports.now();
    this.#ports.report(error, 'forecasts');
  }

  /** Or there is to be none now. */
  #isFresh(leader: Leader): boolean {
    if (this.#isStopped || Math.abs(this.#ports.now() - this.#failedAt) < FAILED_REST_MS) return true;
    if (this.#newest?.leader !== leader) return false;
    const isSame = this.#newest.position === leader.position;
    return this.#restMs(isSame ? { ...REST, leastMs: STALE_MS } : REST) > 0;
  }

  #restMs({ leastMs, times, timesBeside }: typeof REST): number {
    if (!this.#newest) return 0;
    const { at, cost } = this.#newest;
    const restMs = Math.max(leastMs, times * cost.hereMs, timesBeside * cost.besideMs);
    // The clock may have been set back since.
    return Math.max(0, restMs - Math.abs(this.#ports.now() - at));
  }

  async #reckon(leader: Leader): Promise<void> {
    const { now, player, leadership } = this.#ports;
    const at = now();
    leader.refresh(at);
    const { position, ledger } = leader;
    const present = presentOf(ledger, at, MOST_QUEUED);
    const takingMs = Math.abs(now() - at);
    const work = new Slices(this.#ports, SLICE_MS);
    const jobs = await work.done(foretold(present, ledger.forecasts));
    await work.done(this.#send(parcels(present, jobs, { seed: position, mostMs: BUDGET_MS })));
    const played = await player.played();
    if (leadership.current() !== leader) return;
    const { futures, tookMs } = played;
    const first: [string, StartForecast][] = [];
    const known = jobs.map((job, index): [string, Known] => {
      const reckoned = rangeAt(played, index);
      const stated = reckoned && statedOf(ledger, { at, reckoned, futures });
      if (stated && job.placed === null)
        first.push([job.job.id, { at, ...stated.range, ...(stated.isSure ? { reckoned } : {}) }]);
      return [job.job.id, { job, stated }];
    });
    const cost = { hereMs: work.costMs + takingMs, besideMs: tookMs };
    this.#newest = { leader, at, position, futures, cost, jobs: new Map(known) };
    if (futures === FUTURES) this.#remember(ledger, first);
  }

  *#send(packed: Iterable<Parcel>): Generator<undefined, undefined> {
    for (const parcel of packed) {
      this.#ports.player.send(parcel);
      yield;
    }
    return undefined;
  }

  /** What is said first of a job, until it is assigned. */
  #remember(ledger: JobLedger, said: readonly (readonly [string, StartForecast])[]): void {
    for (const id of this.#first.keys()) if (ledger.active(id)?.state.phase !== 'queued') this.#first.delete(id);
    for (const [id, forecast] of said)
      if (!this.#first.has(id) && ledger.active(id)?.state.attempts === 0) this.#first.set(id, forecast);
  }

  #expected({ ledger }: Leader, jobId: string): ExpectedTimes {
    const newest = this.#newest?.leader.ledger === ledger ? this.#newest : null;
    const now = this.#ports.now();
    const at = newest?.at ?? now;
    const kept = keptOut(ledger.gate(jobId));
    if (kept) return unknown(at, null, kept);
    const known = newest?.jobs.get(jobId);
    if (newest && known) return told(newest, known, { ledger, now });
    return unknown(at, null, unseen(newest, ledger.active(jobId)?.position ?? 0));
  }
}

function statedOf(
  { forecasts }: JobLedger,
  { at, reckoned, futures }: { readonly at: number; readonly reckoned: ExpectedRange; readonly futures: number },
): Stated<ExpectedRange> {
  return futures === FUTURES ? forecasts.state(at, reckoned) : { range: reckoned, isSure: false };
}

function told(
  { at, futures }: Forecast,
  { job, stated }: Known,
  { ledger, now }: { readonly ledger: JobLedger; readonly now: number },
): ExpectedTimes {
  const runTime = ledger.forecasts.stateRunTime(forecastOf(job.prediction));
  if (futures < FEWEST_FUTURES) return unknown(at, runTime, TOO_MUCH);
  if (!stated) return unknown(at, runTime, neverStarts(ledger, job.job.id, now));
  const { start, end } = stated.range;
  const confidence = stated.isSure ? CONFIDENCE : null;
  const said = { start: hasBegun(job) ? null : start, end, runTime, confidence };
  return { at, ...said, code: null, message: expectedWords(now, said) };
}

type Reason = Pick<ExpectedTimes, 'code' | 'message'>;

function unknown(at: number, runTime: ExpectedTimes['runTime'], reason: Reason): ExpectedTimes {
  return { at, start: null, end: null, confidence: null, runTime, ...reason };
}

/** By something of which nobody knows when it ends. */
function keptOut(gate: Gate | null): Reason | null {
  if (!gate || gate.code === 'begin-later' || gate.code === 'retry-backoff') return null;
  return { code: gate.code, message: NOTHING_EXPECTED[gate.code] };
}

function hasBegun({ placed }: ForetoldJob): boolean {
  return placed !== null && placed.since !== null;
}

/** Of a job that the newest forecast doesn't know. */
function unseen(newest: Forecast | null, position: number): Reason {
  if (!newest || position > newest.position) return BEING_RECKONED;
  return { code: 'too-far-back', message: `More than ${MOST_QUEUED} jobs stand ahead of it in the queue.` };
}

const TOO_MUCH = {
  code: 'not-foreseeable',
  message: `So much runs and waits that its futures can't be played in ${BUDGET_MS / 1_000} s.`,
} as const;
const BEING_RECKONED = { code: 'being-reckoned', message: NOTHING_EXPECTED['being-reckoned'] } as const;
const WITHOUT_NODE: ReadonlySet<string> = new Set(['no-node', 'node-unreachable', 'node-cordoned']);

function neverStarts(
  { engine }: Leader['ledger'],
  jobId: string,
  now: number,
): Pick<ExpectedTimes, 'code' | 'message'> {
  if (engine.queueIndex.get(jobId)) {
    const { code, message } = explainWait(jobId, engine, { gate: null, now });
    if (WITHOUT_NODE.has(code)) return { code: 'no-node', message };
  }
  return { code: 'not-foreseeable', message: NOTHING_EXPECTED['not-foreseeable'] };
}
