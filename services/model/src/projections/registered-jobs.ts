// Which job's weights were registered last under each model, deleted ones included: how far the jobs have been gone through.
import { EVENTS_STREAM, type ModelEvent } from '@baton/contracts';
import type { Projection, Revised } from '@baton/service-host';

export interface RegisteredJob extends Revised {
  readonly jobId: string;
  /** Of the commit in EVENTS: the greatest of all models belongs to the last job that was registered. */
  readonly position: number;
}

export const registeredJobsProjection: Projection<RegisteredJob> = {
  name: 'registered-jobs',
  version: 1,
  indexes: [['position']],
  stream: EVENTS_STREAM,
  aggregates: ['model'],
  apply: (document, commit) => {
    const { ref, revision, position } = commit;
    const jobIds = (commit.events as unknown as ModelEvent[]).flatMap((event) =>
      event.type === 'ModelVersionAdded' && event.data.lineage?.jobId !== undefined ? [event.data.lineage.jobId] : [],
    );
    const jobId = jobIds.at(-1);
    if (jobId !== undefined) return { id: ref.id, revision, jobId, position };
    return document && { ...document, revision };
  },
};
