// What the dataset and model services answer.
import { Type, type Static } from 'typebox';
import { Ownership, Visibility } from '../access.ts';
import { Lineage, ModelVersionKind } from '../events/data.ts';
import { Manifest, ManifestSummary, UploadedBlob } from '../manifest.ts';
import { Digest, Id, Name, Ref, Tags, Timestamp, Version, strict } from '../schema.ts';
import { ById, Changed, PageQuery, Stamped, page } from './common.ts';
import { rpc } from './rpc.ts';

export const VersionRef = Type.Union([Version, Type.Literal('latest')]);
const Described = {
  name: Name,
  description: Type.Optional(Type.String({ maxLength: 4_096 })),
  tags: Type.Optional(Tags),
  visibility: Type.Optional(Visibility),
  /** A group of which the caller is a member; for admins any. */
  group: Type.Optional(Ref),
};
export const CreateThing = strict(Described);
export const UpdateThing = strict({
  id: Ref,
  description: Described.description,
  tags: Described.tags,
  visibility: Described.visibility,
  group: Type.Optional(Type.Union([Ref, Type.Null()])),
  /** Hands it to this user (admin), whom the caller has seen. */
  ownerId: Type.Optional(Id),
});
const Listing = strict({
  ...PageQuery,
  name: Type.Optional(Name),
  tag: Type.Optional(Type.String()),
  owner: Type.Optional(Id),
});
const OneVersion = strict({ id: Ref, version: VersionRef });
const Thing = {
  ...Stamped,
  name: Name,
  description: Type.String(),
  tags: Tags,
  ...Ownership,
  /** 0 while there is none. */
  latestVersion: Type.Integer({ minimum: 0 }),
};

export const DatasetVersionView = strict({
  datasetId: Id,
  version: Version,
  manifest: ManifestSummary,
  uploads: Type.Array(UploadedBlob),
  createdAt: Timestamp,
  createdBy: Type.String(),
});
export type DatasetVersionView = Static<typeof DatasetVersionView>;
export const DatasetView = strict({ ...Thing, versions: Type.Array(DatasetVersionView) });
export type DatasetView = Static<typeof DatasetView>;

/** Archives (zip, tar, tar.gz) are unpacked unless `unpack` is false; other files stand under their own name or `path`. */
const Upload = strict({
  ...UploadedBlob.properties,
  path: Type.Optional(Type.String({ minLength: 1, maxLength: 1_024 })),
});
export const AddDatasetVersion = strict({
  id: Ref,
  uploads: Type.Array(Upload, { minItems: 1, maxItems: 1_000 }),
  unpack: Type.Optional(Type.Boolean()),
});
export const VersionAdded = strict({
  id: Id,
  revision: Type.Integer({ minimum: 1 }),
  version: Version,
  manifest: ManifestSummary,
});

/** A name or id and a version, pinned for a job: what the caller may read, or `not_found`. */
export const Resolve = strict({ ref: Ref, version: VersionRef });
/** Code and weights may share a model's name: with `needs`, `latest` is the latest version that holds them, and another one is refused. */
export const ResolveModel = strict({
  ...Resolve.properties,
  needs: Type.Optional(Type.Union([Type.Literal('code'), Type.Literal('weights')])),
});
export const ResolvedDataset = strict({
  datasetId: Id,
  datasetName: Name,
  version: Version,
  digest: Digest,
  sizeBytes: Type.Integer(),
});
export const ResolvedModel = strict({
  modelId: Id,
  modelName: Name,
  version: Version,
  kind: ModelVersionKind,
  digest: Digest,
  sizeBytes: Type.Integer(),
});

export const datasetRpc = {
  create: rpc('rpc.dataset.create', CreateThing, Changed),
  update: rpc('rpc.dataset.update', UpdateThing, Changed),
  delete: rpc('rpc.dataset.delete', ById, Changed),
  addVersion: rpc('rpc.dataset.add-version', AddDatasetVersion, VersionAdded),
  get: rpc('rpc.dataset.get', ById, DatasetView),
  list: rpc('rpc.dataset.list', Listing, page(DatasetView)),
  manifest: rpc('rpc.dataset.manifest', OneVersion, Manifest),
  resolve: rpc('rpc.dataset.resolve', Resolve, ResolvedDataset),
} as const;

export const ModelVersionView = strict({
  modelId: Id,
  version: Version,
  kind: ModelVersionKind,
  manifest: ManifestSummary,
  trained: Type.Boolean(),
  lineage: Type.Union([Lineage, Type.Null()]),
  uploads: Type.Array(UploadedBlob),
  createdAt: Timestamp,
  createdBy: Type.String(),
});
export type ModelVersionView = Static<typeof ModelVersionView>;
export const ModelView = strict({ ...Thing, versions: Type.Array(ModelVersionView) });
export type ModelView = Static<typeof ModelView>;
export const AddModelVersion = strict({
  id: Ref,
  /** Found out from the files if absent: weights files alone are `weights`, none `code`, else `both`. */
  kind: Type.Optional(ModelVersionKind),
  trained: Type.Optional(Type.Boolean()),
  uploads: Type.Array(Upload, { minItems: 1, maxItems: 1_000 }),
  unpack: Type.Optional(Type.Boolean()),
});

export const modelRpc = {
  create: rpc('rpc.model.create', CreateThing, Changed),
  update: rpc('rpc.model.update', UpdateThing, Changed),
  delete: rpc('rpc.model.delete', ById, Changed),
  addVersion: rpc('rpc.model.add-version', AddModelVersion, VersionAdded),
  get: rpc('rpc.model.get', ById, ModelView),
  list: rpc('rpc.model.list', Listing, page(ModelView)),
  manifest: rpc('rpc.model.manifest', OneVersion, Manifest),
  resolve: rpc('rpc.model.resolve', ResolveModel, ResolvedModel),
  /** Whether weights may be registered under the name by the caller: free, or the caller may change it. */
  mayRegister: rpc('rpc.model.may-register', strict({ name: Name }), strict({ allowed: Type.Boolean() })),
} as const;
