// Where a job stands in the line of its node, and behind whom.
import type { Engine } from './engine.ts';

export interface LineStanding {
  readonly nodeId: string;
  /** 1 = first. */
  readonly position: number;
  /** Jobs on the devices that it may get. */
  readonly behind: readonly string[];
}

/** Null if it is not in line. */
export function lineStanding(jobId: string, engine: Engine): LineStanding | null {
  const own = engine.placedAttempt(jobId);
  const nodeId = own?.parts[0]?.nodeId;
  if (!own?.waiting || nodeId === undefined) return null;
  const { pool } = own.waiting;
  const there = [...engine.placed()].filter(({ parts }) => parts.some((part) => part.nodeId === nodeId));
  const position = 1 + there.filter(({ waiting, placedAt }) => waiting && placedAt < own.placedAt).length;
  const behind = there
    .filter(({ waiting, parts }) => !waiting && parts.some(({ devices }) => devices.some((id) => pool.includes(id))))
    .map(({ job }) => job.id);
  return { nodeId, position, behind };
}
