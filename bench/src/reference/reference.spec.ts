// The reference reproduces figures that were computed elsewhere, to the second; and it does what its names say on a case one can check.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Cluster, Completions, ReferenceJob } from './job.ts';
import { repacking, srtf, twoDimensionalLas } from './repacking.ts';
import { easy, fifo, sjf, withoutPreemption } from './without-preemption.ts';

const GPU_HOUR = 3_600;
const las = twoDimensionalLas([1, 10, 100].map((hours) => hours * GPU_HOUR));

/** Plain on purpose: it shares nothing with the reader that is tested against it. */
function read(path: string, submitted: string, unit: number): ReferenceJob[] {
  const [header = [], ...rows] = readFileSync(join(import.meta.dirname, '../../traces', path), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.trim().split(','));
  const value = (row: readonly string[], name: string) => Number(row[header.indexOf(name)]);
  return rows.map((row) => ({
    submittedAt: value(row, submitted) / unit,
    duration: value(row, 'duration') / unit,
    gpus: value(row, 'num_gpu'),
  }));
}

function figures(completions: Completions) {
  const sorted = completions.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor(share * sorted.length)] ?? Number.NaN);
  return [Math.round(sorted.reduce((sum, each) => sum + each, 0) / sorted.length), at(0.5), at(0.99)];
}

describe('the figures of traces/README.md: mean, p50, p99', () => {
  const muri = read('muri/trace3.csv', 'submit_time', 1_000);
  const itp = read('ms-itp-2021/cluster07.csv', 'submission_time', 1);
  const small = { nodes: 8, gpusPerNode: 8 };
  const large = { nodes: 40, gpusPerNode: 8 };

  it.each([
    ['fifo', fifo, [991_215, 1_143_209, 1_696_723], [41_095, 15_178, 405_337]],
    ['easy', easy, [421_204, 257_266, 1_386_450], [33_149, 9_368, 400_870]],
    ['sjf', sjf, [241_108, 21_105, 5_040_079], [29_108, 7_742, 405_959]],
  ] as const)('%s', (_name, rule, trace3, cluster07) => {
    expect(figures(withoutPreemption(muri, small, rule))).toEqual(trace3);
    expect(figures(withoutPreemption(itp, large, rule))).toEqual(cluster07);
  });

  // On the larger trace they take seconds; the benchmark has them.
  it.each([
    ['srtf', srtf, [180_116, 3_628, 4_280_559]],
    ['2D-LAS', las, [311_203, 4_266, 1_705_597]],
  ] as const)('%s', (_name, order, trace3) => {
    expect(figures(repacking(muri, small, order))).toEqual(trace3);
  });
});

describe('on one node of two GPUs', () => {
  const cluster: Cluster = { nodes: 1, gpusPerNode: 2 };
  const job = (submittedAt: number, duration: number, gpus: number) => ({ submittedAt, duration, gpus });
  // One GPU until 10; then both are asked for; then a short one and a long one that would fit beside the first.
  const jobs = [job(0, 10, 1), job(1, 5, 2), job(2, 8, 1), job(3, 9, 1)];

  it('FIFO lets nobody past the first that waits', () => {
    expect(withoutPreemption(jobs, cluster, fifo)).toEqual([10, 14, 21, 21]);
  });

  it('EASY lets past only what does not delay the first that waits', () => {
    expect(withoutPreemption(jobs, cluster, easy)).toEqual([10, 14, 8, 21]);
  });

  it('SJF lets past whatever is shorter', () => {
    expect(withoutPreemption([job(0, 10, 1), job(1, 20, 2), ...jobs.slice(2)], cluster, sjf)).toEqual([10, 38, 8, 16]);
  });

  it('SRTF stops what has more left', () => {
    expect(repacking([job(0, 10, 2), job(1, 2, 2)], cluster, srtf)).toEqual([12, 2]);
  });

  it('LAS lets the one with less service go first once the other has sunk', () => {
    expect(repacking([job(0, 10, 2), job(1, 2, 2)], cluster, twoDimensionalLas([8]))).toEqual([12, 5]);
  });
});
