// What of a job that is over has been removed: output and metrics, each removed for readers first and then from the disk.
import type { RetainedContent, RetentionEvent } from '@baton/contracts';

export type Kept =
  | { readonly status: 'kept' }
  /** `at`: when it was removed, which is what readers are told. */
  | { readonly status: 'removed'; readonly at: number }
  | { readonly status: 'deleted'; readonly at: number };

export type RetentionState = Readonly<Record<RetainedContent, Kept>>;

export const initialRetention: RetentionState = { output: { status: 'kept' }, metrics: { status: 'kept' } };

export function evolveRetention(state: RetentionState, event: RetentionEvent): RetentionState {
  switch (event.type) {
    case 'ContentRemoved':
      return { ...state, [event.data.what]: { status: 'removed', at: event.data.at } };
    case 'ContentDeleted': {
      const before = state[event.data.what];
      return before.status === 'removed' ? { ...state, [event.data.what]: { ...before, status: 'deleted' } } : state;
    }
    default:
      return event satisfies never;
  }
}

/** The job's own id, in the aggregate's kind. */
export function retentionId(jobId: string): string {
  return jobId.replace(/^job_/, 'ret_');
}
