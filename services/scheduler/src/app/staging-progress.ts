// What agents say that they are fetching or building just now. Not in the log: after a restart they say it again.
export interface ProgressReport {
  readonly jobId: string;
  readonly attempt: number;
  readonly progress?: string;
}

export class StagingProgress {
  readonly #byNode = new Map<string, ReadonlyMap<string, string>>();

  /** Replaces what the node said before. */
  hear(nodeId: string, reports: readonly ProgressReport[]): void {
    const said = reports.flatMap(({ jobId, attempt, progress }) =>
      progress === undefined ? [] : [[`${jobId}.${attempt}`, progress] as const],
    );
    this.#byNode.set(nodeId, new Map(said));
  }

  /** For people: "dataset digits 43 %". */
  of(nodeId: string, jobId: string, attempt: number): string | null {
    return this.#byNode.get(nodeId)?.get(`${jobId}.${attempt}`) ?? null;
  }
}
