// What a benchmark is, and the one JSON line that it ends in.
import { cpus, totalmem } from 'node:os';

/** Figures' names end in their unit. */
export type Figures = Readonly<Record<string, number>>;

export interface Target {
  readonly figure: string;
  readonly op: '<=' | '>=';
  readonly value: number;
}

export interface Benchmark {
  /** What is done, on both sides, in a sentence or two. */
  readonly method: string;
  readonly targets: readonly Target[];
  run(): Promise<Figures>;
}

export interface Report {
  readonly bench: string;
  readonly method: string;
  readonly machine: string;
  readonly figures: Figures;
  readonly targets: readonly (Target & { readonly met: boolean })[];
}

export function report(bench: string, { method, targets }: Benchmark, figures: Figures): Report {
  const machine = `${cpus().length} x ${cpus()[0]?.model ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
  const met = ({ figure, op, value }: Target): boolean => {
    const measured = figures[figure] ?? Number.NaN;
    return op === '<=' ? measured <= value : measured >= value;
  };
  return {
    bench,
    method,
    machine,
    figures: rounded(figures),
    targets: targets.map((target) => ({ ...target, met: met(target) })),
  };
}

function rounded(figures: Figures): Figures {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Math.round(value * 1_000) / 1_000]));
}

/** The value below which the share `q` of the sorted values lies. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}
