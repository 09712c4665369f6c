// The public traces of bench/traces, and the nodes that they are replayed on.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTrace, type TraceJob } from '@baton/deploy/simulation';

export interface TraceFile {
  readonly file: string;
  readonly format: 'muri' | 'itp';
  readonly nodes: number;
  readonly gpusPerNode: number;
}

export const TRACES = {
  trace3: { file: 'muri/trace3.csv', format: 'muri', nodes: 8, gpusPerNode: 8 },
  cluster07: { file: 'ms-itp-2021/cluster07.csv', format: 'itp', nodes: 40, gpusPerNode: 8 },
} as const satisfies Readonly<Record<string, TraceFile>>;
export type TraceName = keyof typeof TRACES;

export function readTraceFile(trace: TraceFile): readonly TraceJob[] {
  return readTrace({ ...trace, bytes: readFileSync(join(import.meta.dirname, '../traces', trace.file)) });
}
