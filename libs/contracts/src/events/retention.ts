// Events of what retention has removed of a job that is over: one aggregate a job, with the job's id but for the prefix.
import { Type, type Static } from 'typebox';
import { Bytes, Id, Timestamp, strict } from '../schema.ts';

/** `output`: what a job wrote to its outputs. `metrics`: their points; the final values are in the job's own events, and stay. */
export const RetainedContent = Type.Union([Type.Literal('output'), Type.Literal('metrics')]);
export type RetainedContent = Static<typeof RetainedContent>;
/** `age`: kept as long as it was to be. `size`: its group had more than it may keep, and this was the oldest. */
export const RemovalReason = Type.Union([Type.Literal('age'), Type.Literal('size')]);
export type RemovalReason = Static<typeof RemovalReason>;

export const retentionEvents = {
  /** From here on nobody is shown it any more. */
  ContentRemoved: strict({
    jobId: Id,
    what: RetainedContent,
    reason: RemovalReason,
    /** Of whole outputs, or of metrics as they were sent; 0 where that is not known. */
    sizeBytes: Bytes,
    at: Timestamp,
  }),
  /** Nothing of it takes any room any more. */
  ContentDeleted: strict({ what: RetainedContent, at: Timestamp }),
};
