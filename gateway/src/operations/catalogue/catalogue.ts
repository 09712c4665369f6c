// Datasets and models over REST have the same operations: here is where they differ.
import { datasetRpc, modelRpc, ModelVersionKind, Ref, type Rpc, strict, VersionRef } from '@baton/contracts';
import { Type, type Static, type TProperties, type TSchema } from 'typebox';

type DatasetRpc = typeof datasetRpc;

/** What is answered is passed on as the service gave it. */
export interface Catalogue {
  readonly path: 'datasets' | 'models';
  readonly noun: 'dataset' | 'model';
  readonly rpc: Pick<DatasetRpc, 'create' | 'update' | 'delete'> & {
    readonly get: Rpc<DatasetRpc['get']['request']>;
    readonly list: Rpc<DatasetRpc['list']['request']>;
    readonly addVersion: Rpc;
    /** A name and version to the digest of a manifest, for those who may read it. */
    readonly resolve: Rpc<DatasetRpc['resolve']['request']>;
  };
  /** What a new version's body holds besides its uploads. */
  readonly versionFields: TProperties;
}

export const datasets: Catalogue = { path: 'datasets', noun: 'dataset', rpc: datasetRpc, versionFields: {} };
export const models: Catalogue = {
  path: 'models',
  noun: 'model',
  rpc: modelRpc,
  versionFields: { kind: Type.Optional(ModelVersionKind), trained: Type.Optional(Type.Boolean()) },
};

export const VersionPath = strict({ id: Ref, version: VersionRef });
export type VersionPath = Static<typeof VersionPath>;
export const FilePath = strict({
  ...VersionPath.properties,
  '*': Type.String({ minLength: 1, description: "the file's path" }),
});

type Call = (
  rpc: Rpc<DatasetRpc['resolve']['request'], TSchema>,
  body: Static<DatasetRpc['resolve']['request']>,
) => Promise<unknown>;

export async function manifestDigest(
  catalogue: Catalogue,
  call: Call,
  { id, version }: VersionPath,
): Promise<{ digest: string; name: string }> {
  const resolved = (await call(catalogue.rpc.resolve, { ref: id, version })) as {
    digest: string;
    version: number;
    datasetName?: string;
    modelName?: string;
  };
  return { digest: resolved.digest, name: `${resolved.datasetName ?? resolved.modelName ?? id}-${resolved.version}` };
}
