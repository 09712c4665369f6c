// What can be asked of a model, and what follows from it.
import type { Lineage, ManifestSummary, ModelEvent, ModelVersionKind, Principal, UploadedBlob } from '@baton/contracts';
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
import { evolve, initialState, type LatestModelVersion, type ModelState, type ModelVersion } from './model.ts';

export interface ModelContent {
  readonly kind: ModelVersionKind;
  readonly trained: boolean;
  readonly manifest: ManifestSummary;
  readonly uploads: UploadedBlob[];
}

export type ModelCommand = { readonly principal: Principal } & (
  | { readonly type: 'CreateModel'; readonly wanted: DetailsWanted }
  | { readonly type: 'ChangeModel'; readonly wanted: ChangeWanted }
  | { readonly type: 'AddModelVersion'; readonly content: ModelContent }
  | { readonly type: 'RegisterWeights'; readonly manifest: ManifestSummary; readonly lineage: Lineage }
  | { readonly type: 'DeleteModel' }
);

export function decide(command: ModelCommand, state: ModelState): ModelEvent[] {
  if (command.type === 'CreateModel') return create(command.wanted, command.principal, state);
  const present = demandWritable(state, command.principal, 'model');
  switch (command.type) {
    case 'ChangeModel': {
      const change = changeOf(present.details, command.wanted);
      return change === null ? [] : [{ type: 'ModelChanged', v: 1, data: change }];
    }
    case 'AddModelVersion':
      return addVersion(command.content, present);
    case 'RegisterWeights': {
      const { manifest, lineage } = command;
      // Equal weights of another job are a version of their own: where they came from differs.
      return [added({ kind: 'weights', trained: true, manifest, uploads: [] }, lineage, present)];
    }
    case 'DeleteModel':
      return [{ type: 'ModelDeleted', v: 1, data: {} }];
    default:
      return command satisfies never;
  }
}

export const modelDecider: Decider<ModelCommand, ModelState, ModelEvent> = { initialState, decide, evolve };

function create(wanted: DetailsWanted, principal: Principal, state: ModelState): ModelEvent[] {
  if (state.status !== 'absent') throw new PlatformError('conflict', 'This model has been created already.');
  return [{ type: 'ModelCreated', v: 1, data: describe(wanted, principal) }];
}

function addVersion(content: ModelContent, present: Present<LatestModelVersion>): ModelEvent[] {
  return versionLike(content, present) === null ? [added(content, null, present)] : [];
}

/**
 * The version that `content` already is, if the newest of its kind has the same files and training: pushing code again
 * that has not changed makes no new version, also when jobs have added weights under the same name in between. What an
 * older one of its kind had is a new version, so that it becomes the latest again.
 */
export function versionLike(content: ModelContent, { latest }: Present<LatestModelVersion>): ModelVersion | null {
  const newest = content.kind === 'weights' ? latest?.withWeights : latest?.withCode;
  const same =
    newest?.digest === content.manifest.digest && newest.kind === content.kind && newest.trained === content.trained;
  return same ? newest : null;
}

function added(content: ModelContent, lineage: Lineage | null, { latest }: Present<LatestModelVersion>): ModelEvent {
  return { type: 'ModelVersionAdded', v: 1, data: { version: (latest?.version ?? 0) + 1, ...content, lineage } };
}
