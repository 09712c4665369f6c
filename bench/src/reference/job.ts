// What the reference simulators replay, and what they say of it. Times in whichever unit the trace has, always the same.
export interface ReferenceJob {
  readonly submittedAt: number;
  readonly duration: number;
  readonly gpus: number;
}

/** The completion times, one for each job, in the order of the jobs. */
export type Completions = readonly number[];

export interface Cluster {
  readonly nodes: number;
  readonly gpusPerNode: number;
}
