// The read model of a thing: its details and its versions, folded commit by commit.
import type { DetailsChange, ManifestSummary, UploadedBlob } from '@baton/contracts';
import type { RecordedCommit } from '@baton/event-store';
import type { Details } from './rules/index.ts';

export interface VersionView {
  readonly version: number;
  readonly manifest: ManifestSummary;
  readonly uploads: UploadedBlob[];
  readonly createdAt: number;
  /** A user's id, or `system:<service>`. */
  readonly createdBy: string;
}

export interface ThingView<V extends VersionView> extends Details {
  readonly id: string;
  readonly revision: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** 0 while there is none. */
  readonly latestVersion: number;
  /** Oldest first. */
  readonly versions: V[];
}

/** Fields that lists filter and sort by. */
export const THING_INDEXES: readonly (readonly string[])[] = [
  ['createdAt'],
  ['updatedAt'],
  ['name'],
  ['ownerId'],
  ['groupId'],
  ['visibility'],
  ['tags'],
];

export function createdView<V extends VersionView>(details: Details, commit: RecordedCommit): ThingView<V> {
  return {
    id: commit.ref.id,
    revision: commit.revision,
    createdAt: commit.at,
    updatedAt: commit.at,
    ...details,
    latestVersion: 0,
    versions: [],
  };
}

export function changedView<V extends VersionView>(
  view: ThingView<V> | null,
  change: DetailsChange,
): ThingView<V> | null {
  return view && { ...view, ...change };
}

export function grownView<V extends VersionView>(view: ThingView<V> | null, version: V): ThingView<V> | null {
  return view && { ...view, latestVersion: version.version, versions: [...view.versions, version] };
}

/** What all versions carry beside their own members. */
export function versionStamp(commit: RecordedCommit): { createdAt: number; createdBy: string } {
  return { createdAt: commit.at, createdBy: commit.actor };
}

/** Folds a commit's events into the view and stamps it; null removes it. */
export function applyCommit<V extends VersionView, E>(
  view: ThingView<V> | null,
  commit: RecordedCommit,
  step: (view: ThingView<V> | null, event: E) => ThingView<V> | null,
): ThingView<V> | null {
  const after = (commit.events as unknown as readonly E[]).reduce(step, view);
  return after && { ...after, revision: commit.revision, updatedAt: commit.at };
}
