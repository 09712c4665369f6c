// The processor's priorities on a node: the agent before what computes, what is being made ready behind a running job after it.
import { getPriority, setPriority } from 'node:os';
import { findOnPath } from './find-command.ts';

/** The agent's, where it may: at the end of each job it has a few tenths of a millisecond of work, and a card waits for them. */
const AGENT_NICENESS = -7;
const STAGING_NICENESS = 10;

export interface Priorities {
  /** Stands before a supervisor: no longer the agent's own priority, and with `isBehind` a low one until it is ready. */
  readonly before: (isBehind: boolean) => readonly string[];
  /** They wait, and shall lose no time when their word comes. */
  readonly ready: (pids: readonly number[]) => void;
}

/** Raises the agent: on Linux a priority is a thread's, so it is the main thread alone; what that starts inherits it. */
export async function raisePriority(path: string): Promise<Priorities> {
  const nice = await findOnPath('nice', path);
  const usual = getPriority();
  if (nice === null || !setNiceness(0, usual + AGENT_NICENESS)) return { before: () => [], ready: () => undefined };
  return {
    before: (isBehind) => [nice, '-n', String((isBehind ? STAGING_NICENESS : 0) - AGENT_NICENESS)],
    ready: (pids) => {
      for (const pid of pids) setNiceness(pid, usual);
    },
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
