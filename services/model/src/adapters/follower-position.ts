// How far the jobs have been gone through: kept in the read store, and found again from the log of models without it.
import type { EventStore } from '@baton/event-store';
import type { Collection, Document, ReadStore } from '@baton/read-store';
import type { ProjectionHandle } from '@baton/service-host';
import type { RegisteredJob } from '../projections/registered-jobs.ts';
import type { FollowerPosition } from './job-follower.ts';

export interface FollowerPositionOptions {
  readonly readStore: ReadStore;
  readonly jobs: Pick<EventStore, 'hashAt' | 'readAggregate'>;
  readonly registered: ProjectionHandle<RegisteredJob>;
}

export async function openFollowerPosition({
  readStore,
  jobs,
  registered,
}: FollowerPositionOptions): Promise<FollowerPosition> {
  const store: Collection<Document> = await readStore.collection('job-follower', { indexes: [], version: 1 });
  return {
    async load() {
      const saved = await store.checkpoint();
      // Positions are used again after a power cut on a log that was not fsynced.
      if (saved && (await jobs.hashAt(saved.position)) === saved.hash) return saved.position;
      return lastRegistered(registered, jobs);
    },
    save: (checkpoint) => store.apply([], checkpoint),
  };
}

/**
 * Jobs are gone through in order: all up to the one whose weights were registered last are done. Going through them again
 * would bring back versions of models that have been deleted since.
 */
async function lastRegistered(
  registered: ProjectionHandle<RegisteredJob>,
  jobs: Pick<EventStore, 'readAggregate'>,
): Promise<number> {
  await registered.caughtUp;
  const newest = await registered.collection.page({
    anyOf: [],
    sort: { field: 'position', descending: true },
    limit: 1,
  });
  const jobId = newest.items[0]?.jobId;
  if (jobId === undefined) return 0;
  const commits = await jobs.readAggregate({ aggregate: 'job', id: jobId });
  return commits.find(({ events }) => events.some(({ type }) => type === 'JobSucceeded'))?.position ?? 0;
}
