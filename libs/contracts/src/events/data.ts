// Events of datasets and models.
import { Type, type Static } from 'typebox';
import { Ownership } from '../access.ts';
import { ManifestSummary, UploadedBlob } from '../manifest.ts';
import { Digest, Id, Name, Tags, Version, strict } from '../schema.ts';

const Described = { name: Name, description: Type.String({ maxLength: 4096 }), tags: Tags, ...Ownership };
export const DetailsChange = strict({
  description: Type.Optional(Type.String({ maxLength: 4096 })),
  tags: Type.Optional(Tags),
  visibility: Type.Optional(Ownership.visibility),
  groupId: Type.Optional(Ownership.groupId),
  /** It was handed to somebody else. */
  ownerId: Type.Optional(Ownership.ownerId),
});
export type DetailsChange = Static<typeof DetailsChange>;

export const datasetEvents = {
  DatasetCreated: strict(Described),
  DatasetVersionAdded: strict({
    version: Version,
    manifest: ManifestSummary,
    /** The uploads it was made from, with the digests the uploader was shown. */
    uploads: Type.Array(UploadedBlob),
  }),
  DatasetChanged: DetailsChange,
  DatasetDeleted: strict({}),
};

/** Where a model version came from: every arrow that the log knows. */
export const Lineage = strict({
  jobId: Type.Optional(Id),
  attempt: Type.Optional(Type.Integer({ minimum: 1 })),
  nodeId: Type.Optional(Id),
  code: Type.Optional(strict({ modelId: Id, version: Version, digest: Digest })),
  datasets: Type.Array(strict({ datasetId: Id, version: Version, digest: Digest })),
  metrics: Type.Record(Type.String(), Type.Number()),
});
export type Lineage = Static<typeof Lineage>;
export const ModelVersionKind = Type.Union([Type.Literal('code'), Type.Literal('weights'), Type.Literal('both')]);
export type ModelVersionKind = Static<typeof ModelVersionKind>;

export const modelEvents = {
  ModelCreated: strict(Described),
  ModelVersionAdded: strict({
    version: Version,
    kind: ModelVersionKind,
    manifest: ManifestSummary,
    trained: Type.Boolean(),
    lineage: Type.Union([Lineage, Type.Null()]),
    uploads: Type.Array(UploadedBlob),
  }),
  ModelChanged: DetailsChange,
  ModelDeleted: strict({}),
};
