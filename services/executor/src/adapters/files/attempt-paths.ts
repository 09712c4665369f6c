// Where everything of this node stands below the agent's folder.
import { join } from 'node:path';
import { type AttemptKey, attemptName } from '../../domain/journal.ts';

export interface AttemptPaths {
  readonly root: string;
  readonly work: string;
  readonly output: string;
  readonly datasets: string;
  readonly temporary: string;
  /** What supervisor and agent tell each other; watched. */
  readonly run: string;
  readonly pid: string;
  readonly exit: string;
  readonly words: string;
  readonly secrets: string;
}

export class StatePaths {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  get journal(): string {
    return join(this.#folder, 'journal.ndjson');
  }

  /** How many attempts are not over, for whoever stops the agent. */
  get running(): string {
    return join(this.#folder, 'running');
  }

  get environments(): string {
    return join(this.#folder, 'environments');
  }

  /** Outlives attempts: a retry goes on from it. */
  checkpoints(jobId: string): string {
    return join(this.#folder, 'checkpoints', jobId);
  }

  attempt(key: AttemptKey): AttemptPaths {
    const root = join(this.#folder, 'attempts', attemptName(key));
    const run = join(root, 'run');
    return {
      root,
      work: join(root, 'work'),
      output: join(root, 'output'),
      datasets: join(root, 'datasets'),
      temporary: join(root, 'tmp'),
      run,
      pid: join(run, 'pid'),
      exit: join(run, 'exit'),
      words: join(run, 'words'),
      secrets: join(root, 'secrets'),
    };
  }
}
