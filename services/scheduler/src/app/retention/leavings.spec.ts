// How much a job has left, by what its attempts have told.
import type { AttemptResult, RankView } from '@baton/contracts';
import { expect, it } from 'vitest';
import type { JobDocument } from '../../projections/job-document.ts';
import { leavingsOf } from './leavings.ts';

const result = (more: Partial<AttemptResult> = {}): AttemptResult => ({
  reason: 'exited',
  exitCode: 0,
  signal: null,
  message: '',
  lastLines: [],
  finalMetrics: {},
  artifacts: null,
  startedAt: 1,
  endedAt: 2,
  ...more,
});
const wrote = (sizeBytes: number) =>
  result({ output: { stdout: { digest: 'a'.repeat(64), sizeBytes }, stderr: null } });
const rank = (number: number, own: AttemptResult | null) => ({ rank: number, result: own }) as RankView;
const bytesOf = (...attempts: readonly object[]) =>
  leavingsOf({ attempts } as unknown as JobDocument, undefined).outputBytes;

it('is that of all its attempts', () => {
  expect(bytesOf({ result: wrote(5) }, { result: wrote(2) }, { result: null })).toBe(7);
  expect(bytesOf({ result: result() })).toBe(0);
});

it('counts each node of an attempt on several once: its result repeats that of rank 0', () => {
  const first = wrote(5);
  expect(bytesOf({ result: first, ranks: [rank(0, first), rank(1, wrote(3)), rank(2, null)] })).toBe(8);
});
