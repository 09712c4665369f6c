// The agent's settings, parsed once from its environment.
import { fits, Id, issuesOf, Labels, Name } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { Type } from 'typebox';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

export type Environment = Readonly<Record<string, string | undefined>>;

const Count = Type.String({ pattern: '^\\d{1,6}$' });
const Settings = Type.Object({
  BATON_NATS_URL: Type.String({ minLength: 1 }),
  BATON_NATS_USER: Type.Optional(Type.String()),
  BATON_NATS_PASSWORD_FILE: Type.Optional(Type.String()),
  BATON_NODE_ID: Id,
  /** The host's name if absent. */
  BATON_NODE_NAME: Type.Optional(Name),
  /** `key=value,key=value`. */
  BATON_NODE_LABELS: Type.Optional(Type.String()),
  /** Journal, attempts, checkpoints, environments. */
  BATON_AGENT_FOLDER: Type.String({ minLength: 1 }),
  BATON_BLOB_FOLDER: Type.String({ minLength: 1 }),
  BATON_API_URL: Type.String({ minLength: 1 }),
  /** How many jobs without a card run at once. Default 1. */
  BATON_CPU_SLOTS: Type.Optional(Count),
  /** Between SIGTERM and SIGKILL. Default 10,000. */
  BATON_GRACE_MS: Type.Optional(Count),
  /** Between heartbeats. Default 2,000. */
  BATON_SYNC_MS: Type.Optional(Count),
  /** Interpreter for jobs that name none: its folder stands first on their PATH. */
  BATON_PYTHON: Type.Optional(Type.String()),
  /** The PATH of jobs. Default: the agent's own. */
  BATON_JOB_PATH: Type.Optional(Type.String()),
  BATON_LOG_LEVEL: Type.Optional(Type.String()),
});

export interface AgentConfig {
  readonly natsUrl: string;
  readonly credentials: { readonly user: string; readonly password: string } | null;
  readonly nodeId: string;
  readonly nodeName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly blobFolder: string;
  readonly apiUrl: string;
  readonly cpuSlots: number;
  readonly graceMs: number;
  readonly syncMs: number;
  readonly python: string | null;
  readonly jobPath: string;
  readonly logLevel: string;
}

const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';

export function parseConfig(environment: Environment): AgentConfig {
  const settings = parseSettings(environment);
  return {
    natsUrl: settings.BATON_NATS_URL,
    credentials: credentials(settings.BATON_NATS_USER, settings.BATON_NATS_PASSWORD_FILE),
    nodeId: settings.BATON_NODE_ID,
    nodeName: settings.BATON_NODE_NAME ?? nameFromHost(hostname()),
    labels: parseLabels(settings.BATON_NODE_LABELS ?? ''),
    folder: settings.BATON_AGENT_FOLDER,
    blobFolder: settings.BATON_BLOB_FOLDER,
    apiUrl: settings.BATON_API_URL,
    cpuSlots: Number(settings.BATON_CPU_SLOTS ?? 1),
    graceMs: Number(settings.BATON_GRACE_MS ?? 10_000),
    syncMs: Number(settings.BATON_SYNC_MS ?? 2_000),
    python: settings.BATON_PYTHON ?? null,
    jobPath: settings.BATON_JOB_PATH ?? environment['PATH'] ?? DEFAULT_PATH,
    logLevel: settings.BATON_LOG_LEVEL ?? 'info',
  };
}

function parseSettings(environment: Environment): Type.Static<typeof Settings> {
  const named = Object.keys(Settings.properties).flatMap((key) => (environment[key] ? [[key, environment[key]]] : []));
  const settings: unknown = Object.fromEntries(named);
  if (fits(Settings, settings)) return settings;
  const faults = issuesOf(Settings, settings).map((issue) => `${issue.pointer.slice(1)} ${issue.detail}`);
  throw new PlatformError('invalid_input', `The configuration is not valid: ${faults.join('; ')}.`);
}

function credentials(user: string | undefined, passwordFile: string | undefined): AgentConfig['credentials'] {
  if (user === undefined || passwordFile === undefined) return null;
  return { user, password: readFileSync(passwordFile, 'utf8').trim() };
}

/** A host's name may hold what a node's name may not. */
function nameFromHost(host: string): string {
  const cleaned = host.replaceAll(/[^A-Za-z0-9._-]/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  return cleaned.slice(0, 63) || 'node';
}

function parseLabels(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(',').filter((pair) => pair.trim() !== '');
  const labels = Object.fromEntries(
    pairs.map((pair) => {
      const [key = '', ...value] = pair.split('=');
      return [key.trim(), value.join('=').trim()];
    }),
  );
  if (fits(Labels, labels)) return labels;
  throw new PlatformError('invalid_input', 'BATON_NODE_LABELS is not of the form key=value,key=value.');
}
