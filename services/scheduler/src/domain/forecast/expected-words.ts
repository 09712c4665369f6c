// What is expected of a job, and what it goes by, in words. Pure.
import type { NoForecastCode, TimeRange } from '@baton/contracts';
import { remaining } from '../schedule/remaining.ts';
import type { RunTimeForecast } from './run-time-predictor.ts';

/** Why nothing can be said. */
export const NOTHING_EXPECTED: Readonly<Record<Exclude<NoForecastCode, 'no-node' | 'too-far-back'>, string>> = {
  held: 'It is held: nobody knows when it will be released.',
  'waiting-for-job': 'It waits for other jobs: when they end, it is looked at.',
  'array-limit': 'It waits for other jobs of its array: when one of them ends, it is looked at.',
  'array-incomplete': 'Not all jobs of its array have been submitted.',
  'not-foreseeable': 'In some of the futures that were played through it never starts.',
  'being-reckoned': 'It is being reckoned: ask again in a moment.',
};

/** `start` null: it runs already. */
export function expectedWords(now: number, { start, end, runTime, confidence }: ExpectedTimesOf): string {
  const sure =
    confidence === null ? 'how sure that is, is not known yet' : `with ${Math.round(confidence * 100)} % each`;
  const ends = `end in ${span(end, now)}`;
  const said = start === null ? ends : `start in ${span(start, now)} and ${ends}`;
  return `It is expected to ${said}, ${sure}; ${basisWords(runTime)}.`;
}

interface ExpectedTimesOf {
  readonly start: TimeRange | null;
  readonly end: TimeRange;
  readonly runTime: RunTimeForecast;
  /** Null: too few forecasts have come true, or not. */
  readonly confidence: number | null;
}

function span({ low, median, high }: TimeRange, now: number): string {
  return `${remaining(median - now)} (${remaining(low - now)} to ${remaining(high - now)})`;
}

function basisWords({ basis, samples }: RunTimeForecast): string {
  const runs = `${samples} earlier ${samples === 1 ? 'run' : 'runs'}`;
  switch (basis) {
    case 'same-job':
      return `by ${runs} of the same job`;
    case 'same-model':
      return `by ${runs} of the same model on the same data`;
    case 'same-name':
      return `by ${runs} of that name`;
    case 'same-user':
      return `by ${runs} of its owner's of that size and limit`;
    case 'limits-of-user':
      return `by its time limit, and how much of theirs ${runs} of its owner's took`;
    case 'limits-of-all':
      return `by its time limit, and how much of theirs ${runs} took`;
    case 'limit':
      return 'by its time limit alone';
    case 'default-limit':
      return 'it has no time limit, and nothing like it has run before';
    default:
      return basis satisfies never;
  }
}
