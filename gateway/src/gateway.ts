// What every operation can reach.
import type { WeightsRecogniser } from '@baton/archive';
import type { BlobStore } from '@baton/blob-store';
import type { Bus } from '@baton/messaging';
import type { Logger } from '@baton/service-host/without-nest';
import type { AgentAuthenticator } from './auth/agents.ts';
import type { Authenticator } from './auth/authenticator.ts';
import type { ManifestReader } from './content/manifests.ts';
import type { InFlight } from './http/in-flight.ts';
import type { LoadLimit } from './http/load-limit.ts';
import type { HttpMetrics } from './http/metrics.ts';
import type { RateLimit } from './http/rate-limit.ts';
import type { MetricWriter } from './streams/metric-writer.ts';
import type { StreamReader } from './streams/stream-reader.ts';
import type { UploadStore } from './uploads/upload-store.ts';

export interface Gateway {
  readonly bus: Bus;
  readonly blobs: BlobStore;
  readonly manifests: ManifestReader;
  readonly weights: WeightsRecogniser;
  readonly uploads: UploadStore;
  readonly streams: StreamReader;
  readonly metricWriter: MetricWriter;
  /** Of requests with points, by job. */
  readonly metricRate: RateLimit;
  readonly authenticator: Authenticator;
  readonly agents: AgentAuthenticator;
  readonly inFlight: InFlight;
  /** Of requests, and of answers that go on. */
  readonly load: { readonly requests: LoadLimit; readonly streams: LoadLimit };
  readonly metrics: HttpMetrics;
  readonly log: Logger;
  readonly servingUrl: string | null;
  /** Where agents on other servers find NATS; a wildcard host stands for the gateway's own. */
  readonly agentNatsUrl: string;
  /** Whether commands can be recorded. */
  readonly hasRoom: () => boolean;
  /** Aborts when the gateway stops: long answers then end. */
  readonly signal: AbortSignal;
}
