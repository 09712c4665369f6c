// A time in the past, as people write it: how long ago, or when.
import { usage } from '../../failure.ts';

const AGE = /^(\d+(?:\.\d+)?)\s*(s|m|h|d|w)$/;
const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Milliseconds since the Unix epoch. */
export function pastTime(text: string, now: number): number {
  const age = AGE.exec(text.trim());
  const at = age ? now - Number(age[1]) * (UNIT_MS[age[2] ?? ''] ?? 0) : Date.parse(text);
  if (!Number.isFinite(at)) throw usage(`"${text}" is no time. Give how long ago, such as 90m, 24h or 7d, or a date.`);
  return Math.max(0, Math.round(at));
}
