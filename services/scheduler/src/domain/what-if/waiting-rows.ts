// Waiting times by user: in the log, replayed, and as they would have been. Pure.
import type { WaitingFigures, WhatIfRow } from '@baton/contracts';
import { quantile } from '../simulation/figures.ts';

/** In milliseconds. */
export interface Waited {
  readonly userId: string;
  readonly reallyMs: number;
  readonly replayedMs: number;
  readonly whatIfMs: number | null;
}

export function waitingRow(jobs: readonly Waited[]): WhatIfRow {
  const whatIf = jobs.flatMap(({ whatIfMs }) => whatIfMs ?? []);
  return {
    jobs: jobs.length,
    really: figures(jobs.map(({ reallyMs }) => reallyMs)),
    replayed: figures(jobs.map(({ replayedMs }) => replayedMs)),
    whatIf: whatIf.length === 0 ? null : figures(whatIf),
  };
}

export function rowsByUser(jobs: readonly Waited[]): { readonly userId: string; readonly row: WhatIfRow }[] {
  const byUser = Map.groupBy(jobs, ({ userId }) => userId);
  return [...byUser]
    .map(([userId, own]) => ({ userId, row: waitingRow(own) }))
    .toSorted((a, b) => b.row.really.mean - a.row.really.mean || (a.userId < b.userId ? -1 : 1));
}

/** In seconds. */
function figures(waitsMs: readonly number[]): WaitingFigures {
  if (waitsMs.length === 0) return { mean: 0, p90: 0, worst: 0 };
  const sorted = waitsMs.toSorted((a, b) => a - b);
  const mean = sorted.reduce((sum, wait) => sum + wait, 0) / sorted.length;
  return { mean: mean / 1_000, p90: quantile(sorted, 0.9) / 1_000, worst: quantile(sorted, 1) / 1_000 };
}
