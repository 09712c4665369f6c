// What is asked about retention: what would go now, and that it goes.
import { Type, type Static } from 'typebox';
import { RemovalReason, RetainedContent } from '../events/retention.ts';
import { Bytes, Id, Name, Timestamp, strict } from '../schema.ts';
import { rpc } from './rpc.ts';

export const SweepRequest = strict({
  /** Says what would go, and removes nothing. */
  dryRun: Type.Optional(Type.Boolean()),
});
export const ExpiredContent = strict({
  jobId: Id,
  jobName: Name,
  ownerId: Id,
  groupId: Type.Union([Id, Type.Null()]),
  what: RetainedContent,
  reason: RemovalReason,
  endedAt: Timestamp,
  sizeBytes: Bytes,
});
export type ExpiredContent = Static<typeof ExpiredContent>;
export const RetentionSweep = strict({
  /** Oldest first; no more than a thousand are listed. */
  items: Type.Array(ExpiredContent),
  /** All that goes. */
  count: Type.Integer({ minimum: 0 }),
  sizeBytes: Bytes,
  /** What was removed before, and still takes room. */
  pending: Type.Integer({ minimum: 0 }),
  /** False: it goes now, a little at a time. */
  dryRun: Type.Boolean(),
});
export type RetentionSweep = Static<typeof RetentionSweep>;

export const retentionRpc = {
  /** Admin. */
  sweep: rpc('rpc.scheduler.sweep-retention', SweepRequest, RetentionSweep),
} as const;
