// Durations, times and sizes.
import { describe, expect, it } from 'vitest';
import { formatAge, formatBytes, formatCount, formatDuration, formatNumber } from './units.ts';

describe('durations', () => {
  it.each([
    [-5, '0 ms'],
    [999, '999 ms'],
    [1_000, '1.0 s'],
    [9_999, '9.9 s'],
    [59_999, '59 s'],
    [60_000, '1 min 00 s'],
    [3_599_999, '59 min 59 s'],
    [3_600_000, '1 h 00 min'],
    [172_800_000, '2 d 0 h'],
  ])('%i ms is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe('ages', () => {
  const now = Date.UTC(2026, 10, 21);
  it.each([
    [0, 'just now'],
    [-2_000, 'just now'],
    [59_000, '59 s ago'],
    [60_000, '1 min ago'],
    [7_200_000, '2 h ago'],
    [86_400_000 * 3, '3 d ago'],
    [86_400_000 * 40, '2026-10-12'],
    [-(86_400_000 * 3 - 1_000), 'in 3 d'],
  ])('%i ms before is %s', (ms, text) => {
    expect(formatAge(now - ms, now)).toBe(text);
  });
});

describe('sizes', () => {
  it.each([
    [0, '0 B'],
    [1_023, '1023 B'],
    [1_024, '1.0 KiB'],
    [265_000, '259 KiB'],
    [2 ** 30, '1.0 GiB'],
    [2 ** 52, '4096 TiB'],
  ])('%i is %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe('numbers', () => {
  it.each([
    [3, '3'],
    [0.123_456, '0.1235'],
    [0.000_012_3, '1.23e-5'],
    [12_345_678.9, '1.23e+7'],
    [0, '0'],
    [1e12, '1.00e+12'],
  ])('%d is %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });
  it('count in words', () => {
    expect([formatCount(1, 'file'), formatCount(0, 'file')]).toEqual(['1 file', '0 files']);
  });
});
