// A line of a trace, whatever its format: times in milliseconds.
export interface TraceJob {
  readonly id: string;
  /** Of the file: where its row ends. */
  readonly line: number;
  readonly submittedAt: number;
  readonly durationMs: number;
  readonly gpus: number;
  readonly user: string | null;
  readonly group: string | null;
  readonly className: string | null;
  readonly limitMs: number | null;
}
