// Wires what attempts run in: processes, and containers where the node has docker.
import { DockerRuntime } from './adapters/docker/docker-runtime.ts';
import type { StatePaths } from './adapters/files/attempt-paths.ts';
import type { Tools } from './adapters/files/tools.ts';
import type { Cgroups } from './adapters/process/cgroups.ts';
import type { JobUser } from './adapters/process/job-user.ts';
import { Launcher } from './adapters/process/launcher.ts';
import { raisePriority } from './adapters/process/priorities.ts';
import { ProcessRuntime } from './adapters/process/process-runtime.ts';
import { Runtimes } from './adapters/runtimes.ts';
import type { Journal } from './app/journal.ts';
import type { Reporter, Runtime } from './app/ports.ts';
import type { AgentConfig } from './config.ts';
import { type AttemptKey, attemptName } from './domain/journal.ts';

export interface RuntimesOptions {
  readonly config: Pick<AgentConfig, 'nodeId' | 'jobPath' | 'docker'>;
  readonly paths: StatePaths;
  readonly tools: Tools;
  readonly journal: Pick<Journal, 'state'>;
  readonly reporter: Reporter;
  readonly cgroups: Cgroups | null;
  readonly setpriv: string | null;
  readonly jobUser: JobUser | null;
}

export async function openRuntimes(options: RuntimesOptions): Promise<Runtime> {
  const { config, paths, tools, journal, reporter, cgroups, setpriv, jobUser } = options;
  const { socket, user, waitMs } = config.docker;
  const known = (): AttemptKey[] => Object.values(journal.state.attempts).map(({ spec }) => spec);
  const isContained = (key: AttemptKey) =>
    journal.state.attempts[attemptName(key)]?.spec.environment.image !== undefined;
  const openContainers = (at: string) => () =>
    DockerRuntime.open({
      socket: at,
      nodeId: config.nodeId,
      paths,
      tools,
      user,
      waitMs,
      known,
      reporter,
    });
  const priorities = raisePriority();
  const launcher = new Launcher(config.jobPath, (pid) => priorities.begun(pid, false));
  const parts = {
    process: new ProcessRuntime({
      paths,
      tools,
      priorities,
      path: config.jobPath,
      setpriv,
      cgroups,
      jobUser,
      launcher,
    }),
    openContainers: socket === null ? null : openContainers(socket),
    isContained,
  };
  return Runtimes.open(parts, known());
}
