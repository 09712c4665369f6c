// What every operation can reach.
import type { BlobStore } from '@baton/blob-store';
import type { Bus } from '@baton/messaging';
import type { Logger } from '@baton/service-host/without-nest';
import type { Authenticator } from './auth/authenticator.ts';
import type { ManifestReader } from './content/manifests.ts';
import type { InFlight } from './http/in-flight.ts';
import type { HttpMetrics } from './http/metrics.ts';
import type { StreamReader } from './streams/stream-reader.ts';
import type { UploadStore } from './uploads/upload-store.ts';

export interface Gateway {
  readonly bus: Bus;
  readonly blobs: BlobStore;
  readonly manifests: ManifestReader;
  readonly uploads: UploadStore;
  readonly streams: StreamReader;
  readonly authenticator: Authenticator;
  readonly inFlight: InFlight;
  readonly metrics: HttpMetrics;
  readonly log: Logger;
  readonly servingUrl: string | null;
  /** Aborts when the gateway stops: long answers then end. */
  readonly signal: AbortSignal;
}
