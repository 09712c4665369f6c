// What can be asked of a dataset, and what follows from it.
import type { DatasetEvent, ManifestSummary, Principal, UploadedBlob } from '@baton/contracts';
import {
  changeOf,
  type ChangeWanted,
  demandWritable,
  describe,
  type DetailsWanted,
  type Present,
} from '@baton/catalogue/rules';
import type { Decider } from '@baton/decider';
import { PlatformError } from '@baton/errors';
import { type DatasetState, evolve, initialState } from './dataset.ts';

export interface VersionContent {
  readonly manifest: ManifestSummary;
  readonly uploads: UploadedBlob[];
}

export type DatasetCommand = { readonly principal: Principal } & (
  | { readonly type: 'CreateDataset'; readonly wanted: DetailsWanted }
  | { readonly type: 'ChangeDataset'; readonly wanted: ChangeWanted }
  | { readonly type: 'AddDatasetVersion'; readonly content: VersionContent }
  | { readonly type: 'DeleteDataset' }
);

export function decide(command: DatasetCommand, state: DatasetState): DatasetEvent[] {
  if (command.type === 'CreateDataset') return create(command.wanted, command.principal, state);
  const present = demandWritable(state, command.principal, 'dataset');
  switch (command.type) {
    case 'ChangeDataset': {
      const change = changeOf(present.details, command.wanted);
      return change === null ? [] : [{ type: 'DatasetChanged', v: 1, data: change }];
    }
    case 'AddDatasetVersion':
      return addVersion(command.content, present);
    case 'DeleteDataset':
      return [{ type: 'DatasetDeleted', v: 1, data: {} }];
    default:
      return command satisfies never;
  }
}

export const datasetDecider: Decider<DatasetCommand, DatasetState, DatasetEvent> = { initialState, decide, evolve };

function create(wanted: DetailsWanted, principal: Principal, state: DatasetState): DatasetEvent[] {
  if (state.status !== 'absent') throw new PlatformError('conflict', 'This dataset has been created already.');
  return [{ type: 'DatasetCreated', v: 1, data: describe(wanted, principal) }];
}

/**
 * The same content as the latest version is that version: uploading a folder again that has not changed makes no new one.
 * Content that an older version had, after another came between, is a new version: "latest" has to become it again.
 */
function addVersion({ manifest, uploads }: VersionContent, { latest }: Present): DatasetEvent[] {
  if (latest?.digest === manifest.digest) return [];
  return [{ type: 'DatasetVersionAdded', v: 1, data: { version: (latest?.version ?? 0) + 1, manifest, uploads } }];
}
