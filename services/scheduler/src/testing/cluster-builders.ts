// Nodes, asks and attempts for tests of the cluster.
import type { NodeDescription } from '@baton/contracts';
import type { Ask } from '../domain/schedule/ask.ts';
import type { EngineNode, EngineShape, RunningAttempt } from '../domain/schedule/engine-model.ts';
import { engineShapeOf } from '../domain/schedule/engine-shape.ts';
import { aDescription, aSpec } from './job-builders.ts';

export const ONE_SLOT: EngineShape = engineShapeOf(aSpec());

export function gpus(devices: number, change: Partial<EngineShape> = {}): EngineShape {
  return { ...ONE_SLOT, deviceKind: 'gpu', devices, ...change };
}

export function anEngineNode(
  id: string,
  slots: { cpu?: number; gpu?: number },
  change: Partial<NodeDescription> = {},
): EngineNode {
  return { id, description: { ...aDescription(id, slots), ...change }, refuses: null };
}

export function anAsk(jobId: string, shape: EngineShape, change: Partial<Ask> = {}): Ask {
  return {
    jobId,
    shape,
    limitMs: 100,
    graceMs: 0,
    owner: { userId: 'usr_a', groupId: null },
    priority: 0,
    ...change,
  };
}

/** What becomes of the ask when it is placed. */
export function anAttempt(
  { jobId, shape, limitMs, graceMs, owner }: Ask,
  parts: RunningAttempt['parts'],
  change: Partial<RunningAttempt> = {},
): RunningAttempt {
  const job = {
    id: jobId,
    order: 0,
    submittedAt: 0,
    nextAttempt: 2,
    owner,
    className: 'normal',
    shape,
    limitMs,
    estimateMs: null,
    servedMs: 0,
    graceMs: 0,
    keepsCheckpoints: false,
    reservation: null,
  };
  return {
    job,
    attempt: 1,
    placedAt: 0,
    parts,
    waiting: null,
    since: 0,
    graceMs,
    isStopping: false,
    ...change,
  };
}
