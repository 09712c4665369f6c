// Uploads and artifacts as manifests: unpacking, storing, packing.
export { type IngestRequest, ingest, type Upload } from './ingest.ts';
export { DEFAULT_LIMITS, type Limits } from './limits.ts';
export { readManifest, type StoredManifest, storeManifest } from './manifest-store.ts';
export { type PackOptions, packTar } from './pack.ts';
export { pathFault } from './paths.ts';
