// Waiting by user: who waited most in truth comes first, and all of a user's jobs are in their row.
import { expect, it } from 'vitest';
import { rowsByUser, waitingRow } from './waiting-rows.ts';

const waited = (userId: string, reallyMs: number, whatIfMs: number | null) => ({
  userId,
  reallyMs,
  replayedMs: 2 * reallyMs,
  whatIfMs,
});

it('gives mean, p90 and worst in seconds', () => {
  const jobs = [1_000, 2_000, 9_000].map((ms) => waited('a', ms, 500));
  expect(waitingRow(jobs)).toEqual({
    jobs: 3,
    really: { mean: 4, p90: 9, worst: 9 },
    replayed: { mean: 8, p90: 18, worst: 18 },
    whatIf: { mean: 0.5, p90: 0.5, worst: 0.5 },
  });
  expect(waitingRow([waited('a', 1_000, null)]).whatIf).toBeNull();
  expect(waitingRow([]).really).toEqual({ mean: 0, p90: 0, worst: 0 });
});

it('is by user, who waited longest first', () => {
  const rows = rowsByUser([waited('a', 1_000, 1), waited('b', 9_000, 1), waited('a', 3_000, 1)]);
  expect(rows.map(({ userId, row }) => [userId, row.jobs])).toEqual([
    ['b', 1],
    ['a', 2],
  ]);
});
