// Uploads and artifacts as manifests: unpacking, storing, packing, recognising.
export { type IngestRequest, ingest, type Upload } from './ingest.ts';
export { DEFAULT_LIMITS, type Limits } from './limits.ts';
export { readManifest, type StoredManifest, storeManifest } from './manifest-store.ts';
export { type PackOptions, packTar } from './pack.ts';
export { type PackedZip, packZip } from './pack-zip.ts';
export { pathFault } from './paths.ts';
export { type WeightsFormat } from './weights-format.ts';
export { WeightsRecogniser } from './weights-recogniser.ts';
