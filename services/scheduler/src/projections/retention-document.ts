// The read model of what retention has removed, one document a job of which anything was.
import { EVENTS_STREAM, type RetentionEvent } from '@baton/contracts';
import type { Projection, Revised } from '@baton/service-host';
import { evolveRetention, initialRetention, type RetentionState } from '../domain/retention.ts';

export interface RetentionDocument extends Revised, RetentionState {
  readonly jobId: string;
  readonly createdAt: number;
  /** Something was removed that is not deleted yet. */
  readonly pending: boolean;
}

export const retentionProjection: Projection<RetentionDocument> = {
  name: 'retention',
  version: 1,
  indexes: [['pending', 'createdAt']],
  stream: EVENTS_STREAM,
  aggregates: ['retention'],
  apply(document, { ref, revision, at, events }) {
    const before: RetentionState = document ?? initialRetention;
    const state = (events as unknown as readonly RetentionEvent[]).reduce(evolveRetention, before);
    return {
      id: ref.id,
      jobId: ref.id.replace(/^ret_/, 'job_'),
      revision,
      createdAt: document?.createdAt ?? at,
      output: state.output,
      metrics: state.metrics,
      pending: state.output.status === 'removed' || state.metrics.status === 'removed',
    };
  },
};
