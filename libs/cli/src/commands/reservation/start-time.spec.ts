// When a reservation begins, as people write it.
import { describe, expect, it } from 'vitest';
import { startTime } from './start-time.ts';

describe('startTime', () => {
  it('reads local times, days as their beginning here, and times that name their zone', () => {
    expect(startTime('2026-12-01T09:00')).toBe(new Date(2026, 11, 1, 9).getTime());
    expect(startTime(' 2026-12-01 09:00 ')).toBe(new Date(2026, 11, 1, 9).getTime());
    expect(startTime('2026-12-01')).toBe(new Date(2026, 11, 1).getTime());
    expect(startTime('2026-12-01T09:00Z')).toBe(Date.UTC(2026, 11, 1, 9));
  });
  it('leaves now to the platform', () => {
    expect(startTime('now')).toBeUndefined();
  });
  it.each(['', 'noon', '12', '2026-13-01', '9:00', '2026-12-01T25:00'])('refuses "%s"', (text) => {
    expect(() => startTime(text)).toThrow('is no time');
  });
});
