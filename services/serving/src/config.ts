// The serving service's own settings.
import { Type, type Static } from 'typebox';

const Count = Type.String({ pattern: '^[1-9]\\d{0,9}$' });

/** 0 to 65535. */
const PORT = '^(\\d{1,4}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])$';

export const ServingConfig = Type.Object({
  /** Folder of the content-addressed blobs, shared with the model service. */
  BATON_BLOB_FOLDER: Type.String({ minLength: 1 }),
  /** Default 127.0.0.1. */
  BATON_SERVING_HOST: Type.Optional(Type.String({ minLength: 1 })),
  /** Default 8081; 0 takes any free one. */
  BATON_SERVING_PORT: Type.Optional(Type.String({ pattern: PORT, description: 'port number' })),
  /** What clients reach it by, where that is not host and port. */
  BATON_SERVING_URL: Type.Optional(Type.String({ pattern: '^https?://[^ ]+[^/ ]$' })),
  /** Default 64 MiB. */
  BATON_SERVING_BODY_LIMIT_BYTES: Type.Optional(Count),
  /** Threads of one model within a run; default 1: batching keeps the cores busy. */
  BATON_SERVING_THREADS: Type.Optional(Count),
  /** Requests that wait for one model before more are refused; default 1024. */
  BATON_SERVING_QUEUE: Type.Optional(Count),
});
export type ServingConfig = Static<typeof ServingConfig>;

export interface ServingSettings {
  readonly blobFolder: string;
  readonly host: string;
  readonly port: number;
  readonly url: string | undefined;
  readonly bodyLimitBytes: number;
  readonly intraOpThreads: number;
  readonly queuedRequests: number;
}

export function servingSettings(config: ServingConfig): ServingSettings {
  return {
    blobFolder: config.BATON_BLOB_FOLDER,
    host: config.BATON_SERVING_HOST ?? '127.0.0.1',
    port: Number(config.BATON_SERVING_PORT ?? 8081),
    url: config.BATON_SERVING_URL,
    bodyLimitBytes: Number(config.BATON_SERVING_BODY_LIMIT_BYTES ?? 64 * 2 ** 20),
    intraOpThreads: Number(config.BATON_SERVING_THREADS ?? 1),
    queuedRequests: Number(config.BATON_SERVING_QUEUE ?? 1_024),
  };
}
