// The read model of models: one document each, with its versions.
import {
  applyCommit,
  changedView,
  createdView,
  grownView,
  THING_INDEXES,
  type ThingView,
  versionStamp,
} from '@baton/catalogue';
import { EVENTS_STREAM, type ModelEvent, type ModelVersionView } from '@baton/contracts';
import type { RecordedCommit } from '@baton/event-store';
import type { Projection } from '@baton/service-host';

export type ModelDocument = ThingView<ModelVersionView>;

export const modelsProjection: Projection<ModelDocument> = {
  name: 'models',
  version: 1,
  indexes: THING_INDEXES,
  stream: EVENTS_STREAM,
  aggregates: ['model'],
  apply: (document, commit) =>
    applyCommit<ModelVersionView, ModelEvent>(document, commit, (view, event) => applyEvent(view, event, commit)),
};

function applyEvent(view: ModelDocument | null, event: ModelEvent, commit: RecordedCommit): ModelDocument | null {
  switch (event.type) {
    case 'ModelCreated':
      return createdView(event.data, commit);
    case 'ModelVersionAdded':
      return grownView(view, { modelId: commit.ref.id, ...event.data, ...versionStamp(commit) });
    case 'ModelChanged':
      return changedView(view, event.data);
    case 'ModelDeleted':
      return null;
    default:
      return event satisfies never;
  }
}
