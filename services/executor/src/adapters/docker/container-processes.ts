// The processes of a container, as the node's own process table has them: all that share the first one's numbering.
import { readlinkSync } from 'node:fs';
import { allProcesses } from '../process/proc.ts';

/** All but the first, by the node's numbers; none if that is gone, since the kernel ends all others with it. */
export function containerProcesses(first: number): number[] {
  const numbering = numberingOf(first);
  // The number now names a process of the node itself: those are nobody's to end.
  if (numbering === null || numbering === numberingOf(process.pid)) return [];
  const all = allProcesses().filter(({ pid }) => pid !== first && numberingOf(pid) === numbering);
  return all.map(({ pid }) => pid);
}

/** Null if it has gone, or may not be looked at. */
function numberingOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return null;
  }
}
