// The UCI digits as the demo uses them: exported from scikit-learn, and every fifth image held out, as the training does.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const EXAMPLE = fileURLToPath(new URL('../../../examples/digits', import.meta.url));

export async function exportDigits(python: string, path: string): Promise<void> {
  await promisify(execFile)(python, [`${EXAMPLE}/export_dataset.py`, path]);
}

export interface HeldOut {
  /** n x 64, row-major. */
  readonly pixels: number[];
  readonly labels: number[];
}

export async function heldOut(path: string): Promise<HeldOut> {
  const rows = (await readFile(path, 'utf8')).trim().split('\n').slice(1);
  const chosen = rows.filter((_, index) => index % 5 === 0).map((row) => row.split(',').map(Number));
  return { labels: chosen.map((row) => row[0] ?? -1), pixels: chosen.flatMap((row) => row.slice(1)) };
}

/** Share of images whose highest score is at their label. `scores`: n x 10, row-major. */
export function accuracyOf(scores: readonly number[], labels: readonly number[]): number {
  const right = labels.filter((label, index) => {
    const row = scores.slice(index * 10, index * 10 + 10);
    return row.indexOf(Math.max(...row)) === label;
  });
  return right.length / labels.length;
}
