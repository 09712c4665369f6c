// The user that jobs run as where the agent is root. Each job has a group of its own besides, so that jobs of the one user can't
// reach each other: the folder around what a job has is open to that group alone, and the kernel asks for the same group
// before it shows one process's environment or memory to another.
import { PlatformError } from '@baton/errors';
import { createHash } from 'node:crypto';
import { chmod, lchown, lstat, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AttemptPaths, StatePaths } from '../files/attempt-paths.ts';
import { runTool } from '../python/run-tool.ts';
import { kill } from './attempt-processes.ts';
import { allProcesses, groupOf } from './proc.ts';

/** Group numbers that nothing else gives out (systemd's table of users and groups has them as unused), and how many. */
const FIRST_GROUP = 0x7000_0000;
const GROUPS = 0x1000_0000;
const KILL_AGAIN_MS = 10;
/** Prints the first path that can't be reached. */
const REACH = 'for path; do [ -x "$path" ] || [ -r "$path" ] || { echo "unreachable:$path"; exit 1; }; done';

export interface JobUserOptions {
  /** `name`, `uid` or `uid:gid`. */
  readonly user: string;
  readonly setpriv: string | null;
  readonly path: string;
  readonly paths: StatePaths;
  /** The folder of the platform's own files that every job reads. */
  readonly tools: string;
}

export class JobUser {
  readonly uid: number;
  readonly #setpriv: string;
  /** Besides the job's own. */
  readonly #groups: readonly number[];

  private constructor(setpriv: string, { uid, groups }: Identity) {
    this.#setpriv = setpriv;
    this.uid = uid;
    this.#groups = groups;
  }

  /** Opens the agent's folders as far as jobs have to go through them. `invalid_input` if jobs can't run as that user here. */
  static async open(options: JobUserOptions): Promise<JobUser> {
    const { user, setpriv, path, paths, tools } = options;
    if (process.getuid?.() !== 0)
      throw refusal(user, 'the agent is not root. Start it as root, or leave BATON_JOB_USER unset.');
    if (setpriv === null) throw refusal(user, 'there is no setpriv (of util-linux) on the PATH.');
    const made = new JobUser(setpriv, await identify(user, path));
    await openFolders(paths);
    const argv = [...made.launcher('start'), '/bin/sh', '-c', REACH, 'reach', paths.attempts, tools];
    const { code, output } = await runTool(argv, path, { cwd: '/' });
    const unreachable = /^unreachable:(.*)$/m.exec(output)?.[1];
    if (unreachable !== undefined)
      throw refusal(user, `that user can't reach ${unreachable}. Open the folders above it with chmod o+x.`);
    if (code !== 0) throw refusal(user, output.trim());
    return made;
  }

  /** To stand before a command, which can't win back what is given up here. `options` are setpriv's own. */
  launcher(jobId: string, options: readonly string[] = []): string[] {
    const groups = this.#groups.length === 0 ? ['--clear-groups'] : ['--groups', this.#groups.join(',')];
    const user = [`--reuid=${this.uid}`, `--regid=${this.group(jobId)}`, ...groups];
    return [this.#setpriv, ...options, ...user, '--inh-caps=-all', '--no-new-privs', '--'];
  }

  /** The same at every attempt, so that a retry finds its checkpoints. */
  group(jobId: string): number {
    return FIRST_GROUP + (createHash('sha256').update(jobId).digest().readUInt32BE(0) % GROUPS);
  }

  /** Gives the job what it may write of an attempt's folder. The rest stays root's, and out of sight. */
  async handOver(jobId: string, own: AttemptPaths): Promise<void> {
    for (const output of ['stdout', 'stderr']) await writeFile(join(own.root, output), '', { flag: 'a' });
    const written = [
      own.work,
      own.output,
      own.temporary,
      own.signs,
      join(own.root, 'stdout'),
      join(own.root, 'stderr'),
    ];
    for (const path of written) await this.#own(jobId, path);
    await chmod(own.run, 0o700);
    await lchown(own.root, 0, this.group(jobId));
    await chmod(own.root, 0o710);
  }

  /** A folder that the job alone may write to; what is in it becomes the job's. */
  async share(jobId: string, folder: string): Promise<void> {
    const { uid, gid } = await lstat(folder);
    // The job has had it already: what it has made of it is none of root's business.
    if (uid === 0 && gid === this.group(jobId)) return;
    await this.#own(jobId, folder);
    await lchown(folder, 0, this.group(jobId));
    await chmod(folder, 0o770);
  }

  /** Takes a folder that was shared, with all that is in it, for root alone to write; nothing that could still write to it is left. */
  async takeBack(jobId: string, folder: string): Promise<void> {
    await this.endAll(jobId);
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    for (const entry of entries) await lchown(join(entry.parentPath, entry.name), 0, 0);
    await lchown(folder, 0, 0);
    await chmod(folder, 0o755);
  }

  /** Kills every process with the group of its own: none can leave it. */
  async endAll(jobId: string): Promise<void> {
    const group = this.group(jobId);
    for (;;) {
      const left = allProcesses().filter(({ pid }) => groupOf(pid) === group);
      if (left.length === 0) return;
      for (const { pid } of left) kill(pid, 'SIGKILL');
      await sleep(KILL_AGAIN_MS);
    }
  }

  async #own(jobId: string, path: string): Promise<void> {
    const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
    const below = entries.map((entry) => join(entry.parentPath, entry.name));
    for (const one of [path, ...below]) await lchown(one, this.uid, this.group(jobId));
  }
}

/** What jobs go through is open to go through and not to be listed; what is none of theirs is closed. */
async function openFolders(paths: StatePaths): Promise<void> {
  const { folders, notes } = paths.checkpointFolders;
  const modes = [
    [paths.root, 0o711],
    [paths.attempts, 0o711],
    [folders, 0o711],
    [notes, 0o700],
    [paths.cache, 0o700],
    [paths.environments, 0o755],
  ] as const;
  for (const [folder, mode] of modes) {
    await mkdir(folder, { recursive: true });
    await chmod(folder, mode);
  }
}

interface Identity {
  readonly uid: number;
  readonly groups: readonly number[];
}

async function identify(user: string, path: string): Promise<Identity> {
  const [named = '', group] = user.split(':');
  const [uid, groups] = await Promise.all([numbers(['id', '-u', named], path), numbers(['id', '-G', named], path)]);
  const isNumber = /^\d+$/.test(named);
  const found = uid[0] ?? (isNumber ? Number(named) : null);
  if (found === null) throw refusal(user, 'there is no such user.');
  if (found === 0) throw refusal(user, 'that is root. Name a user that has no rights.');
  return { uid: found, groups: group === undefined ? groups : [Number(group)] };
}

/** None where the tool says no: a number can be a user's without any name. */
async function numbers(command: readonly string[], path: string): Promise<number[]> {
  const { code, output } = await runTool(command, path);
  return code === 0 ? output.trim().split(/\s+/).map(Number) : [];
}

function refusal(user: string, why: string): PlatformError {
  return new PlatformError('invalid_input', `Jobs can't run as BATON_JOB_USER=${user}: ${why}`);
}
