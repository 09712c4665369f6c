// The processor's priorities on a node: the agent before what computes, what is being made ready behind a running job after it.
import { getPriority, setPriority } from 'node:os';

/** The agent's, where it may: at the end of each job it has a few tenths of a millisecond of work, and a card waits for them. */
const AGENT_NICENESS = -7;
const STAGING_NICENESS = 10;

export interface Priorities {
  /** A supervisor has just begun: no longer the agent's own priority, and with `isBehind` a low one until it is ready. */
  readonly begun: (pid: number, isBehind: boolean) => void;
  /** They wait, and shall lose no time when their word comes. */
  readonly ready: (pids: readonly number[]) => void;
}

/** Raises the agent: on Linux a priority is a thread's, so it is the main thread alone; what that starts inherits it. */
export function raisePriority(): Priorities {
  const usual = getPriority();
  if (!setNiceness(0, usual + AGENT_NICENESS)) return { begun: () => undefined, ready: () => undefined };
  return {
    // What it starts before this is said gets its priority from `ready`.
    begun: (pid, isBehind) => setNiceness(pid, usual + (isBehind ? STAGING_NICENESS : 0)),
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
