// The tools of the system with which attempts are started, where this server has them, and the priorities of what is started.
import { getPriority, setPriority } from 'node:os';
import { findOnPath } from './find-command.ts';

/** The agent's, where it may: at the end of each job it has a few tenths of a millisecond of work, and a card waits for them. */
const AGENT_NICENESS = -7;
/** Of what is being made ready behind a running job. */
const STAGING_NICENESS = 10;

export interface JobLauncher {
  /** Stands before the supervisor: another priority than the agent's own; a low one until it is ready, if `isBehind`. */
  readonly supervisor: (isBehind: boolean) => readonly string[];
  /** Stands before the command: the kernel ends it with its supervisor. Without setpriv the agent does, a moment later. */
  readonly command: readonly string[];
  /** They are waiting, and shall lose no time when their word comes. */
  readonly ready: (pids: readonly number[]) => void;
}

/** On Linux a priority is a thread's, and what it starts inherits it: of the agent it is the main thread that is raised. */
export async function jobLauncher(path: string): Promise<JobLauncher> {
  const [nice, setpriv] = await Promise.all([findOnPath('nice', path), findOnPath('setpriv', path)]);
  const own = getPriority();
  const isRaised = nice !== null && setNiceness(0, own + AGENT_NICENESS);
  return {
    supervisor: (isBehind) =>
      isRaised ? [nice, '-n', String((isBehind ? STAGING_NICENESS : 0) - AGENT_NICENESS)] : [],
    ready: (pids) => {
      for (const pid of pids) if (isRaised && pid > 0) setNiceness(pid, own);
    },
    command: setpriv === null ? [] : [setpriv, '--pdeathsig', 'KILL', '--'],
  };
}

/** False where this process may not, or if there is no such thread. */
function setNiceness(thread: number, niceness: number): boolean {
  try {
    setPriority(thread, niceness);
    return true;
  } catch {
    return false;
  }
}
