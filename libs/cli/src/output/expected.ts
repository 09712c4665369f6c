// When a job is expected to start, in a column's width.
import type { ExpectedTimes } from '@baton/contracts';
import { formatDuration } from './units.ts';

/** "in 12 min (4 min to 1 h)"; empty where nothing can be said, for the reason is there already. */
export function expectedText(expected: ExpectedTimes | undefined, now: number): string {
  if (!expected?.start) return expected?.code === 'being-reckoned' ? '...' : '';
  const { low, median, high } = expected.start;
  const [least, middle, most] = [low, median, high].map((at) => roughly(Math.max(0, at - now)));
  return `in ${middle} (${least} to ${most})`;
}

/** As exact as a forecast is. */
function roughly(ms: number): string {
  const MINUTE_MS = 60_000;
  if (ms < 1_000) return '0 s';
  if (ms < MINUTE_MS) return formatDuration(Math.round(ms / 1_000) * 1_000).replace('.0', '');
  if (ms < 60 * MINUTE_MS) return `${Math.round(ms / MINUTE_MS)} min`;
  return formatDuration(ms);
}
