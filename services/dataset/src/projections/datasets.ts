// The read model of datasets: one document each, with its versions.
import {
  applyCommit,
  changedView,
  createdView,
  grownView,
  THING_INDEXES,
  type ThingView,
  versionStamp,
} from '@baton/catalogue';
import { type DatasetEvent, type DatasetVersionView, EVENTS_STREAM } from '@baton/contracts';
import type { RecordedCommit } from '@baton/event-store';
import type { Projection } from '@baton/service-host';

export type DatasetDocument = ThingView<DatasetVersionView>;

export const datasetsProjection: Projection<DatasetDocument> = {
  name: 'datasets',
  version: 1,
  indexes: THING_INDEXES,
  stream: EVENTS_STREAM,
  aggregates: ['dataset'],
  apply: (document, commit) =>
    applyCommit<DatasetVersionView, DatasetEvent>(document, commit, (view, event) => applyEvent(view, event, commit)),
};

function applyEvent(view: DatasetDocument | null, event: DatasetEvent, commit: RecordedCommit): DatasetDocument | null {
  switch (event.type) {
    case 'DatasetCreated':
      return createdView(event.data, commit);
    case 'DatasetVersionAdded':
      return grownView(view, { datasetId: commit.ref.id, ...event.data, ...versionStamp(commit) });
    case 'DatasetChanged':
      return changedView(view, event.data);
    case 'DatasetDeleted':
      return null;
    default:
      return event satisfies never;
  }
}
