// The gateway's settings, from the environment.
import { type Environment, parseEnvironment } from '@baton/service-host/without-nest';
import { parseSizeBytes } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { Type, type Static } from 'typebox';

const Path = Type.String({ minLength: 1 });
const Count = Type.String({ pattern: '^\\d+$' });

export const GatewaySettings = Type.Object({
  BATON_HOST: Type.Optional(Type.String({ minLength: 1 })),
  BATON_PORT: Type.Optional(Count),
  /** Unfinished uploads, and what is known of finished ones. On the blob folder's file system, finishing is a rename. */
  BATON_UPLOAD_FOLDER: Path,
  BATON_BLOB_FOLDER: Path,
  /** Where inference requests go; told to clients. */
  BATON_SERVING_URL: Type.Optional(Type.String({ minLength: 1 })),
  /** `i-know` allows listening beyond loopback without TLS. */
  BATON_INSECURE_BIND: Type.Optional(Type.String()),
  /** How long logs and metrics are kept. */
  BATON_OUTPUT_RETENTION_DAYS: Type.Optional(Count),
  /** How much output is kept for following; the oldest goes. Whole outputs are kept beside the artifacts. */
  BATON_OUTPUT_STREAM_BYTES: Type.Optional(Type.String({ minLength: 1 })),
  BATON_NATS_URL: Type.String({ minLength: 1 }),
  /** Told to agents that join; a wildcard host is replaced by the one that they reached the gateway under. */
  BATON_NATS_PUBLIC_URL: Type.Optional(Type.String({ pattern: '^(nats|tls)://' })),
  BATON_NATS_USER: Type.Optional(Type.String()),
  BATON_NATS_PASSWORD_FILE: Type.Optional(Type.String()),
  /** Where nats-server keeps the log, if that is on this machine. */
  BATON_NATS_STORE: Type.Optional(Type.String()),
  BATON_LOG_LEVEL: Type.Optional(Type.String()),
});
export type GatewaySettings = Static<typeof GatewaySettings>;

export interface GatewayConfig {
  readonly host: string;
  readonly port: number;
  readonly uploadFolder: string;
  readonly blobFolder: string;
  readonly servingUrl: string | null;
  readonly outputRetentionDays: number;
  readonly outputStreamBytes: number;
  readonly natsUrl: string;
  readonly agentNatsUrl: string;
  readonly natsUser: string | undefined;
  readonly natsPasswordFile: string | undefined;
  readonly natsStore: string | undefined;
  readonly logLevel: string | undefined;
}

export function gatewayConfig(environment: Environment): GatewayConfig {
  const settings = parseEnvironment(GatewaySettings, environment);
  const host = settings.BATON_HOST ?? '127.0.0.1';
  if (!isLoopback(host) && settings.BATON_INSECURE_BIND !== 'i-know') throw insecureBind(host);
  return {
    host,
    port: Number(settings.BATON_PORT ?? '8080'),
    uploadFolder: settings.BATON_UPLOAD_FOLDER,
    blobFolder: settings.BATON_BLOB_FOLDER,
    servingUrl: settings.BATON_SERVING_URL ?? null,
    outputRetentionDays: Number(settings.BATON_OUTPUT_RETENTION_DAYS ?? '30'),
    outputStreamBytes: streamBytes(settings.BATON_OUTPUT_STREAM_BYTES ?? '8GiB'),
    natsUrl: settings.BATON_NATS_URL,
    agentNatsUrl: settings.BATON_NATS_PUBLIC_URL ?? settings.BATON_NATS_URL,
    natsUser: settings.BATON_NATS_USER,
    natsPasswordFile: settings.BATON_NATS_PASSWORD_FILE,
    natsStore: settings.BATON_NATS_STORE,
    logLevel: settings.BATON_LOG_LEVEL,
  };
}

/** Below that a single chunk of each of a few jobs would not fit. */
const LEAST_STREAM_BYTES = 16 * 1_048_576;

function streamBytes(text: string): number {
  const bytes = parseSizeBytes(text);
  if (bytes !== null && bytes >= LEAST_STREAM_BYTES) return bytes;
  throw new PlatformError('invalid_input', 'BATON_OUTPUT_STREAM_BYTES is no size from 16MiB on, such as "8GiB".');
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Passwords and tokens would cross the network in clear text. */
function insecureBind(host: string): PlatformError {
  return new PlatformError(
    'invalid_input',
    `BATON_HOST=${host} listens beyond this machine without TLS, so that anyone on the way could read passwords and tokens. ` +
      'Put a TLS proxy in front and listen on 127.0.0.1, or set BATON_INSECURE_BIND=i-know if the network itself is safe.',
  );
}
