// Plays the present on, as often as there is time for: what the thread of forecasts does. Pure.
import { Distribution } from './distribution.ts';
import { expectedRange, FUTURES, type ExpectedRange } from './expected-times.ts';
import type { PackedJob, Parcel } from './parcels.ts';
import { type Future, playOn, type PlayedJob, type Stage } from './play-on.ts';

/** One that is asked to stop is gone so soon. */
const STOPPING_MS = 5_000;
/** Of each job's range: the start's and the end's lowest, median, highest. */
const FIGURES = 6;

export interface Played {
  readonly futures: number;
  /** How long it took. */
  readonly tookMs: number;
  /** Six figures of each job, in the order in which they came; NaN: it does not start in each of the futures. */
  readonly figures: Float64Array;
}

export class Player {
  #stage: Stage | null = null;
  readonly #nodes: Stage['nodes'][number][] = [];
  readonly #runTimes: Distribution[] = [];
  readonly #jobs: PlayedJob[] = [];

  /** Gives what came of it, once all is there; null before. `clock`: in milliseconds. */
  take(parcel: Parcel, clock: () => number): Played | null {
    switch (parcel.type) {
      case 'begin':
        for (const list of [this.#nodes, this.#runTimes, this.#jobs]) list.length = 0;
        this.#stage = { ...parcel, nodes: this.#nodes };
        return null;
      case 'nodes':
        this.#nodes.push(...parcel.nodes);
        return null;
      case 'jobs':
        this.#runTimes.push(...parcel.runTimes.map((flat) => Distribution.ofFlat(flat)));
        this.#jobs.push(...parcel.jobs.map((packed) => playedJob(packed, this.#runTimes)));
        return null;
      case 'play':
        return this.#play(parcel, clock);
      default:
        return parcel satisfies never;
    }
  }

  #play({ seed, mostMs }: Extract<Parcel, { type: 'play' }>, clock: () => number): Played {
    const startedAt = clock();
    const isLate = () => clock() - startedAt > mostMs;
    const futures: Future[] = [];
    while (this.#stage && futures.length < FUTURES) {
      const future = unless(isLate, playOn(this.#stage, this.#jobs, seed + futures.length));
      if (future === null) break;
      futures.push(future);
    }
    const ranges = this.#jobs.map(({ job }) => expectedRange(job.id, futures));
    return {
      futures: futures.length,
      tookMs: clock() - startedAt,
      figures: Float64Array.from(ranges.flatMap(figuresOf)),
    };
  }
}

/** Null where it comes to an end too late. */
function unless<R>(isLate: () => boolean, steps: Generator<undefined, R>): R | null {
  while (!isLate()) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
  return null;
}

function playedJob(
  { job, placed, arrivesAt, ranMs, mostMs, runTimes }: PackedJob,
  known: readonly Distribution[],
): PlayedJob {
  if (placed?.isStopping === true) return { job, placed, arrivesAt, total: stopping(ranMs) };
  const whole = known[runTimes];
  if (!whole) throw new Error(`run times ${runTimes} were not packed`);
  return { job, placed, arrivesAt, total: whole.lastingBeyond(ranMs).capped(mostMs ?? Infinity) };
}

function stopping(ranMs: number): Distribution {
  const from = Math.max(1, ranMs);
  return new Distribution([
    { share: 0, ms: from },
    { share: 1, ms: from + STOPPING_MS },
  ]);
}

function figuresOf(range: ExpectedRange | null): number[] {
  if (range === null) return Array.from({ length: FIGURES }, () => Number.NaN);
  return [range.start, range.end].flatMap(({ low, median, high }) => [low, median, high]);
}

/** Of the job at this place. */
export function rangeAt({ figures }: Pick<Played, 'figures'>, index: number): ExpectedRange | null {
  const [low = Number.NaN, median = 0, high = 0, endLow = 0, endMedian = 0, endHigh = 0] = figures.subarray(
    FIGURES * index,
    FIGURES * (index + 1),
  );
  if (Number.isNaN(low)) return null;
  return { start: { low, median, high }, end: { low: endLow, median: endMedian, high: endHigh } };
}
