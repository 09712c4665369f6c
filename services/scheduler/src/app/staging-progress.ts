// What agents say that they are fetching or building just now. Not in the log: after a restart they say it again.
import { partsOf, type PlacedJob } from '../domain/job.ts';

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

  /** For people: "dataset digits 43 %". Of a job on several nodes, the first that says anything. */
  of(jobId: string, state: PlacedJob): string | null {
    const name = `${jobId}.${state.attempt.number}`;
    const said = partsOf(state).map(({ nodeId }) => this.#byNode.get(nodeId)?.get(name));
    return said.find((progress) => progress !== undefined) ?? null;
  }
}
