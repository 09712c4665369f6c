// A manifest: the files of a dataset version, a code package, weights or artifacts, each named by its content.
import { Type, type Static } from 'typebox';
import { Bytes, Digest, strict } from './schema.ts';

export const ManifestFile = strict({
  /** Relative POSIX path: no leading slash, no empty, `.` or `..` segment. */
  path: Type.String({ minLength: 1, maxLength: 1024 }),
  digest: Digest,
  sizeBytes: Bytes,
  executable: Type.Optional(Type.Boolean()),
});
export type ManifestFile = Static<typeof ManifestFile>;

/** Files sorted by path. Its canonical JSON is a blob; that blob's digest names the version. */
export const Manifest = strict({ files: Type.Array(ManifestFile) });
export type Manifest = Static<typeof Manifest>;

/** A manifest's digest with its totals, as versions carry it. */
export const ManifestSummary = strict({ digest: Digest, fileCount: Type.Integer({ minimum: 0 }), sizeBytes: Bytes });
export type ManifestSummary = Static<typeof ManifestSummary>;

/** A finished upload, resolved by the gateway from its upload id. */
export const UploadedBlob = strict({
  uploadId: Type.String(),
  digest: Digest,
  sizeBytes: Bytes,
  filename: Type.String({ minLength: 1, maxLength: 255 }),
});
export type UploadedBlob = Static<typeof UploadedBlob>;

const WEIGHTS = /\.(onnx|safetensors|pt|pth|keras|joblib)$/i;

/** Whether a path looks like model weights. */
export function isWeightsFile(path: string): boolean {
  return WEIGHTS.test(path);
}
