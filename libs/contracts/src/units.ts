// Durations ("90s", "2h30m") and sizes ("4GiB") as people write them in job specifications.
const DURATION_PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/gy;
const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds, or null if `text` is no duration. A bare number means seconds. */
export function parseDurationMs(text: string): number | null {
  const trimmed = text.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Math.round(Number(trimmed) * 1_000);
  DURATION_PART.lastIndex = 0;
  let total = 0;
  let end = 0;
  for (let part = DURATION_PART.exec(trimmed); part; part = DURATION_PART.exec(trimmed)) {
    total += Number(part[1]) * UNIT_MS[part[2] as keyof typeof UNIT_MS];
    end = DURATION_PART.lastIndex;
  }
  return end > 0 && end === trimmed.length ? Math.round(total) : null;
}

const UNITS = [
  ['d', UNIT_MS.d],
  ['h', UNIT_MS.h],
  ['m', UNIT_MS.m],
  ['s', UNIT_MS.s],
  ['ms', UNIT_MS.ms],
] as const;

/** Whole milliseconds as `parseDurationMs` reads them: "7d", "1h30m", "0s". */
export function durationText(ms: number): string {
  let left = ms;
  let text = '';
  for (const [unit, unitMs] of UNITS) {
    const count = Math.floor(left / unitMs);
    if (count > 0) text += `${count}${unit}`;
    left -= count * unitMs;
  }
  return text === '' ? '0s' : text;
}

const SIZE = /^(\d+(?:\.\d+)?)\s*(B|[KMGT]B|[KMGT]iB|[KMGT])?$/i;
const EXPONENT = { K: 1, M: 2, G: 3, T: 4 } as const;

/** Bytes as `parseSizeBytes` reads them: "50GiB", "1536B". */
export function sizeText(bytes: number): string {
  const exponent = [4, 3, 2, 1].find((power) => bytes > 0 && bytes % 1_024 ** power === 0) ?? 0;
  return `${bytes / 1_024 ** exponent}${['B', 'KiB', 'MiB', 'GiB', 'TiB'][exponent]}`;
}

/** Bytes, or null if `text` is no size. `GB` is 10^9, `GiB` and `G` are 2^30. */
export function parseSizeBytes(text: string): number | null {
  const match = SIZE.exec(text.trim());
  if (!match) return null;
  const unit = (match[2] ?? 'B').toUpperCase();
  if (unit === 'B') return Math.round(Number(match[1]));
  const exponent = EXPONENT[unit[0] as keyof typeof EXPONENT];
  const base = unit.length === 2 && unit.endsWith('B') ? 1_000 : 1_024;
  return Math.round(Number(match[1]) * base ** exponent);
}
