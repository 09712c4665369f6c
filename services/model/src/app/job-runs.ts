// What is known of the jobs that are under way: folded as their commits pass, forgotten when they are over.
import type { JobEvent } from '@baton/contracts';
import type { RecordedCommit } from '@baton/event-store';
import { evolveJobRun, initialJobRun, type JobRun } from '../domain/job-run.ts';

export interface JobHistoryPort {
  /** All commits of one job, oldest first. */
  historyOf(jobId: string): Promise<RecordedCommit[]>;
}

export class JobRuns {
  readonly #history: JobHistoryPort;
  readonly #underWay = new Map<string, JobRun>();

  constructor(history: JobHistoryPort) {
    this.#history = history;
  }

  /** The job after this commit. One whose beginning was not seen, because following began later, is read up to here. */
  async after(commit: RecordedCommit): Promise<JobRun> {
    const { id } = commit.ref;
    const run = fold([commit], this.#underWay.get(id) ?? (await this.#before(commit)));
    if (run.status === 'succeeded' || run.status === 'over') this.#underWay.delete(id);
    else this.#underWay.set(id, run);
    return run;
  }

  async #before({ ref, revision, position }: RecordedCommit): Promise<JobRun> {
    if (revision === 1) return initialJobRun;
    const history = await this.#history.historyOf(ref.id);
    return fold(history.filter((earlier) => earlier.position < position));
  }
}

function fold(commits: readonly RecordedCommit[], run: JobRun = initialJobRun): JobRun {
  return commits.flatMap(({ events }) => events as unknown as JobEvent[]).reduce(evolveJobRun, run);
}
