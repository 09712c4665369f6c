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
  /** The FIFO that a waiting process reads. */
  readonly go: string;
  /** What the job's own processes tell the agent. */
  readonly signs: string;
  /** There as soon as a process waits. */
  readonly ready: string;
  /** Made once, before the word to go is given: the devices that it got. */
  readonly granted: string;
  /** Made by `baton.take()` when it returns. */
  readonly taken: string;
  /** Bytes; for whoever watches over it where the kernel does not. */
  readonly memoryLimit: string;
  readonly exit: string;
  /** There if the lease ran out: the attempt was ended for that. */
  readonly leaseOver: string;
  readonly words: string;
  /** What a container sees in the place of `run`: the rest of that folder is not its business. */
  readonly inside: InsidePaths;
  /** There if the attempt has ended, and all that it left is on disk. */
  readonly settled: string;
  readonly secrets: string;
  /** The name of the cached environment that it uses. */
  readonly environment: string;
}

/** The same as their namesakes in AttemptPaths. A job may put whatever it likes in their place. */
export interface InsidePaths {
  readonly root: string;
  readonly go: string;
  readonly exit: string;
  readonly words: string;
}

export interface CheckpointNotes {
  readonly root: string;
  /** Which manifests the folder has grown out of. */
  readonly lineage: string;
  /** In which boot of the server which attempt got the folder; gone when all that it left there is on disk. */
  readonly usedIn: string;
  /** What is to take the folder's place, while it is put together. */
  readonly restoring: string;
  /** What was there before. */
  readonly replaced: string;
  /** The same where the server was booted anew under the job; kept as long as the rest. */
  readonly beforeBoot: string;
}

export class StatePaths {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  get root(): string {
    return this.#folder;
  }

  get journal(): string {
    return join(this.#folder, 'journal.ndjson');
  }

  /** How many attempts are not over, for whoever stops the agent. */
  get running(): string {
    return join(this.#folder, 'running');
  }

  /** Until when attempts by lease may run. */
  get lease(): string {
    return join(this.#folder, 'lease');
  }

  /** Folders of all attempts. */
  get attempts(): string {
    return join(this.#folder, 'attempts');
  }

  /** Data and code, by content. */
  get cache(): string {
    return join(this.#folder, 'cache');
  }

  /** The agent's copies of what it puts beside and into jobs, one for each version. */
  get tools(): string {
    return join(this.#folder, 'tools');
  }

  get environments(): string {
    return join(this.#folder, 'environments');
  }

  /** Outlives attempts: a retry goes on from it. */
  checkpoints(jobId: string): string {
    return join(this.#folder, 'checkpoints', jobId);
  }

  /** All jobs' checkpoint folders, and what the agent itself notes of each. */
  get checkpointFolders(): { readonly folders: string; readonly notes: string } {
    return { folders: join(this.#folder, 'checkpoints'), notes: join(this.#folder, 'checkpoint-notes') };
  }

  /** Out of the job's sight. */
  checkpointNotes(jobId: string): CheckpointNotes {
    const root = join(this.#folder, 'checkpoint-notes', jobId);
    return {
      root,
      lineage: join(root, 'lineage.json'),
      usedIn: join(root, 'used-in'),
      restoring: join(root, 'restoring'),
      replaced: join(root, 'replaced'),
      beforeBoot: join(root, 'before-boot'),
    };
  }

  attempt(key: AttemptKey): AttemptPaths {
    const root = join(this.#folder, 'attempts', attemptName(key));
    // Asked for dozens of times a job: `join` would take each path apart again.
    const run = `${root}/run`;
    const signs = `${root}/signs`;
    const inside = `${run}/inside`;
    return {
      root,
      work: `${root}/work`,
      output: `${root}/output`,
      datasets: `${root}/datasets`,
      temporary: `${root}/tmp`,
      run,
      pid: `${run}/pid`,
      go: `${run}/go`,
      signs,
      ready: `${signs}/ready`,
      granted: `${run}/granted`,
      taken: `${signs}/taken`,
      memoryLimit: `${run}/memory-limit`,
      exit: `${run}/exit`,
      leaseOver: `${run}/lease-over`,
      words: `${run}/words`,
      inside: {
        root: inside,
        go: `${inside}/go`,
        exit: `${inside}/exit`,
        words: `${inside}/words`,
      },
      settled: `${root}/settled`,
      secrets: `${root}/secrets`,
      environment: `${root}/environment`,
    };
  }
}
