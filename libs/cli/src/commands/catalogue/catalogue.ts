// What datasets and models have in common for the command line.
import type { DatasetView, ModelView } from '@baton/contracts';
import type { BatonClient, VersionedThings } from '@baton/sdk';

export type Thing = DatasetView | ModelView;

export interface Catalogue {
  readonly noun: 'dataset' | 'model';
  readonly of: (client: BatonClient) => VersionedThings<Thing>;
}

export const datasets: Catalogue = { noun: 'dataset', of: (client) => client.datasets as VersionedThings<Thing> };
export const models: Catalogue = { noun: 'model', of: (client) => client.models as VersionedThings<Thing> };

/** The version that a reference means. */
export function versionOf(thing: Thing, version: number | 'latest'): Thing['versions'][number] | undefined {
  if (version === 'latest') return thing.versions.at(-1);
  return thing.versions.find((candidate) => candidate.version === version);
}
