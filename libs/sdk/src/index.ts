// The TypeScript client.
export type { Changed, Page } from './answers.ts';
export {
  type AddedNode,
  type ArchiveQuery,
  type AttemptQuery,
  BatonClient,
  type JobMetricPoint,
  type LogEvent,
  type LoggedIn,
  type LogHit,
  type LogQuery,
  type MetricEvent,
  type MetricQuery,
  type NewMetrics,
  type NewThing,
  type NewVersion,
  type StoredFile,
  type StoredFiles,
  type VersionAdded,
  VersionedThings,
} from './client.ts';
export { eventStream, type StreamEvent, type StreamOptions } from './event-stream.ts';
export { ApiError, type ClientOptions, Http, type Query, type RequestOptions } from './http.ts';
export { InferenceClient, type InferenceResponse, type ModelMetadata, type Tensor } from './inference.ts';
export { sha256OfFile, type Uploaded, uploadFile, type UploadOptions } from './upload.ts';
export { type PackedFolder, packFolder, type PackOptions } from './pack-folder.ts';
