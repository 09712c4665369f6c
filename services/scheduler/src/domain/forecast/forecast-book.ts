// What is learned of run times, and how good forecasts were: both follow from the jobs' events alone, in their order. Pure.
import type { AttemptResult, JobEvent, StartForecast, TimeRange } from '@baton/contracts';
import { isPlaced, type JobState } from '../job.ts';
import { Calibration, horizonOf, type SavedCalibration } from './calibration.ts';
import type { TimeRangeMs } from './distribution.ts';
import type { ExpectedRange } from './expected-times.ts';
import { ForecastScore, type SavedScore } from './forecast-score.ts';
import {
  forecastOf,
  type Prediction,
  RunTimePredictor,
  type RunTimeForecast,
  type SavedRunTimes,
} from './run-time-predictor.ts';
import type { RunOf } from './run-groups.ts';

/** Of a job that is not over. */
interface Open {
  /** As it was reckoned when the job was submitted; null where nothing but a policy's default was known. */
  readonly runTime: RunTimeForecast | null;
  /** As it was said; null: without a word of how sure it was. */
  readonly said: TimeRangeMs | null;
  /** The first that was made; null: none was. */
  start: StartForecast | null;
  hasStarted: boolean;
}

export interface SavedForecasts {
  readonly learned: SavedRunTimes;
  readonly open: readonly (readonly [string, Open])[];
  readonly runTimes: SavedScore;
  readonly starts: SavedScore;
  readonly ends: SavedScore;
  /** Of run times, starts and ends. */
  readonly calibrations: Readonly<Record<Kind, SavedCalibration>>;
}

type Kind = 'runTimes' | 'starts' | 'ends';

/** A range as it is told, and whether enough is known to say how sure it is. */
export interface Stated<R> {
  readonly range: R;
  readonly isSure: boolean;
}

/** Ends that tell how long jobs like this one run; others were brought about from outside. */
const OWN_ENDS: ReadonlySet<AttemptResult['reason']> = new Set(['exited', 'signalled', 'out-of-memory', 'time-limit']);

const OVER: ReadonlySet<JobEvent['type']> = new Set(['JobSucceeded', 'JobFailed', 'JobCancelled']);

export class ForecastBook {
  readonly #predictor: RunTimePredictor;
  readonly #open: Map<string, Open>;
  readonly #runTimes: ForecastScore;
  readonly #starts: ForecastScore;
  readonly #ends: ForecastScore;
  readonly #calibrations: Readonly<Record<Kind, Calibration>>;

  /** `saved`: goes on from there. */
  constructor(saved?: SavedForecasts) {
    this.#predictor = new RunTimePredictor(saved?.learned);
    this.#open = new Map(saved?.open.map(([id, open]) => [id, { ...open }]));
    this.#runTimes = new ForecastScore(saved?.runTimes);
    this.#starts = new ForecastScore(saved?.starts);
    this.#ends = new ForecastScore(saved?.ends);
    const of = saved?.calibrations;
    this.#calibrations = {
      runTimes: new Calibration(of?.runTimes),
      starts: new Calibration(of?.starts),
      ends: new Calibration(of?.ends),
    };
  }

  /** `state`: before the event. */
  follow(id: string, state: JobState, event: JobEvent): void {
    if (event.type === 'JobSubmitted')
      this.#open.set(id, this.#submitted({ userId: event.data.ownerId, spec: event.data.spec }));
    else if (event.type === 'JobAssigned') this.#assigned(id, event.data.forecast);
    else if (event.type === 'AttemptStarted') this.#started(id, event.data.startedAt);
    else if (event.type === 'AttemptEnded') this.#ended(id, state, event.data.result);
    else if (OVER.has(event.type)) this.#open.delete(id);
  }

  #submitted(run: RunOf): Open {
    const prediction = this.#predictor.known(run);
    const runTime = prediction && forecastOf(prediction);
    const said = runTime && this.#calibrations.runTimes.stated(runTime.basis, runTime);
    return { runTime, said, start: null, hasStarted: false };
  }

  #assigned(id: string, forecast: StartForecast | undefined): void {
    const open = this.#open.get(id);
    if (open && forecast && !open.hasStarted) open.start ??= forecast;
  }

  #started(id: string, startedAt: number): void {
    const open = this.#open.get(id);
    if (!open || open.hasStarted) return;
    open.hasStarted = true;
    if (open.start) this.#judge('start', open.start, startedAt);
  }

  #ended(id: string, state: JobState, { reason, startedAt, endedAt }: AttemptResult): void {
    const open = this.#open.get(id);
    if (!isPlaced(state) || startedAt === null || !OWN_ENDS.has(reason)) return;
    const ranMs = state.servedMs + Math.max(0, endedAt - startedAt);
    if (open?.runTime) {
      this.#runTimes.add(open.said ?? open.runTime, ranMs, open.said !== null);
      this.#calibrations.runTimes.learn(open.runTime.basis, open.runTime, open.said, ranMs);
    }
    if (open?.start && state.attempts === 1) this.#judge('end', open.start, endedAt);
    this.#predictor.learn({ userId: state.ownerId, spec: state.spec }, ranMs);
  }

  /** What was said of a start or an end, by when it was. */
  #judge(what: 'start' | 'end', { at, reckoned, ...said }: StartForecast, time: number): void {
    const range = since(at, said[what]);
    const plain = since(at, (reckoned ?? said)[what]);
    const [score, calibration] =
      what === 'start' ? [this.#starts, this.#calibrations.starts] : [this.#ends, this.#calibrations.ends];
    score.add(range, time - at, reckoned !== undefined);
    calibration.learn(horizonOf(plain), plain, reckoned === undefined ? null : range, time - at);
  }

  /** A start and an end as they are to be told, of those that were reckoned at `at`. */
  state(at: number, reckoned: ExpectedRange): Stated<ExpectedRange> {
    const start = this.#stated('starts', at, reckoned.start);
    const end = this.#stated('ends', at, reckoned.end);
    if (!start || !end) return { range: reckoned, isSure: false };
    const later = (key: keyof TimeRange) => Math.max(start[key], end[key]);
    return { range: { start, end: { low: later('low'), median: later('median'), high: later('high') } }, isSure: true };
  }

  #stated(kind: 'starts' | 'ends', at: number, reckoned: TimeRange): TimeRange | null {
    const range = since(at, reckoned);
    const stated = this.#calibrations[kind].stated(horizonOf(range), range);
    return stated && { low: at + stated.lowMs, median: at + stated.medianMs, high: at + stated.highMs };
  }

  /** A run time as it is to be told. */
  stateRunTime(reckoned: RunTimeForecast): RunTimeForecast {
    return { ...reckoned, ...this.#calibrations.runTimes.stated(reckoned.basis, reckoned) };
  }

  predict(run: RunOf, defaultLimitMs: number): Prediction {
    return this.#predictor.predict(run, defaultLimitMs);
  }

  /** For the order of the queue, as it was when the job was submitted; null where no runs of its user were seen. */
  estimateMs(id: string): number | null {
    const runTime = this.#open.get(id)?.runTime;
    return runTime && runTime.samples > 0 && !runTime.basis.startsWith('limits-of') ? runTime.medianMs : null;
  }

  figures() {
    return { runTime: this.#runTimes.figures(), start: this.#starts.figures(), end: this.#ends.figures() };
  }

  /** Plain data: equal for equal histories. */
  save(): SavedForecasts {
    return {
      learned: this.#predictor.save(),
      open: [...this.#open],
      runTimes: this.#runTimes.save(),
      starts: this.#starts.save(),
      ends: this.#ends.save(),
      calibrations: {
        runTimes: this.#calibrations.runTimes.save(),
        starts: this.#calibrations.starts.save(),
        ends: this.#calibrations.ends.save(),
      },
    };
  }
}

function since(at: number, { low, median, high }: StartForecast['start']): TimeRangeMs {
  return { lowMs: low - at, medianMs: median - at, highMs: high - at };
}
