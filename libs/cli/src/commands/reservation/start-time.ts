// When a reservation begins, as people write it: a date, local unless it names its zone, or `now`.
import { usage } from '../../failure.ts';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MINUTE = /^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}/;

/** Milliseconds since the Unix epoch; undefined for `now`, which the platform's own clock tells. */
export function startTime(text: string): number | undefined {
  const trimmed = text.trim();
  if (trimmed === 'now') return undefined;
  // A day alone would be read as that of UTC.
  const at = DAY.test(trimmed)
    ? Date.parse(`${trimmed}T00:00`)
    : MINUTE.test(trimmed)
      ? Date.parse(trimmed)
      : Number.NaN;
  if (Number.isNaN(at)) throw usage(`"${text}" is no time. Give for example "2026-12-01T09:00", or now.`);
  return at;
}
