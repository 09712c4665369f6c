// What a refusal says of others: which of those that wait can't start either, and whose quotas count together.
import type { Device, WaitCode } from '@baton/contracts';
import type { Ask } from './ask.ts';
import type { Owner } from './engine-model.ts';
import { engineShapeKey } from './engine-shape.ts';
import type { Walk } from './queue-walk.ts';
import type { QueueIndex } from './queue-index.ts';

/** What is known not to fit either. */
export function blockAlike(code: WaitCode, { shape, limitMs }: Ask, walk: Walk): void {
  if (code === 'booked') walk.blockBucket();
  else if (code === 'reserved') walk.blockShape(engineShapeKey(shape), limitMs);
  else walk.blockShape(engineShapeKey(shape));
}

export function isOfSameQuota(one: Owner, other: Owner): boolean {
  return one.userId === other.userId || (one.groupId !== null && one.groupId === other.groupId);
}

/** Without backfill nobody passes the first that is blocked. Jobs for other devices have nothing to do with it. */
export function closeKind(queue: QueueIndex, kind: Device['kind'], walk: Walk): void {
  for (const { shape, key } of queue.shapes()) if (shape.deviceKind === kind) walk.blockShape(key);
}
