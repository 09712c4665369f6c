// The agent's settings, parsed once from its environment.
import { fits, Id, issuesOf, Labels, Name, parseSizeBytes } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { BusCredentials } from '@baton/messaging';
import { Type } from 'typebox';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { agentToken, type JoinedNode } from './joined-node.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const Count = Type.String({ pattern: '^\\d{1,6}$' });
const Settings = Type.Object({
  BATON_NATS_URL: Type.String({ minLength: 1 }),
  BATON_NATS_USER: Type.Optional(Type.String()),
  BATON_NATS_PASSWORD_FILE: Type.Optional(Type.String()),
  BATON_NODE_ID: Id,
  /** The host's name if absent. */
  BATON_NODE_NAME: Type.Optional(Name),
  /** Where other nodes reach this one: a host name or an IP address. Default: the one that it has towards the platform. */
  BATON_NODE_ADDRESS: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9.:_-]{1,255}$' })),
  /** `key=value,key=value`. */
  BATON_NODE_LABELS: Type.Optional(Type.String()),
  /** Journal, attempts, checkpoints, environments. */
  BATON_AGENT_FOLDER: Type.String({ minLength: 1 }),
  /** The platform's blobs, where the agent shares its disk; an agent that has joined reaches them over HTTP. */
  BATON_BLOB_FOLDER: Type.Optional(Type.String({ minLength: 1 })),
  BATON_API_URL: Type.String({ minLength: 1 }),
  /** How many jobs without a card run at once. Default 1. */
  BATON_CPU_SLOTS: Type.Optional(Count),
  /** Between SIGTERM and SIGKILL. Default 10,000. */
  BATON_GRACE_MS: Type.Optional(Count),
  /** Between heartbeats. Default 2,000. */
  BATON_SYNC_MS: Type.Optional(Count),
  /** Between measurements of what running jobs use. Default 10,000. */
  BATON_SAMPLE_MS: Type.Optional(Count),
  /** Between looks at the node's devices. Default 30,000. */
  BATON_DESCRIBE_MS: Type.Optional(Count),
  /** How long an early-started job may have its devices without taking them. Default 600,000. */
  BATON_TAKE_LIMIT_MS: Type.Optional(Type.String({ pattern: '^\\d{1,9}$' })),
  /** Between looks whether a job that waits for its cards is on one already. Default 5,000. */
  BATON_EARLY_LOOK_MS: Type.Optional(Count),
  /** `off`: none are made, also where they could be. Default: `auto`. */
  BATON_CONTROL_GROUPS: Type.Optional(Type.Union([Type.Literal('auto'), Type.Literal('off')])),
  /** Between looks at the checkpoint folders of running jobs: what has changed is stored. Default 600,000. */
  BATON_CHECKPOINT_EVERY_MS: Type.Optional(Type.String({ pattern: '^[1-9]\\d{1,8}$' })),
  /** Interpreter for jobs that name none: its folder stands first on their PATH. */
  BATON_PYTHON: Type.Optional(Type.String()),
  /** The `uv` that builds Python environments. Default: beside BATON_PYTHON, then on the PATH; without one, pip. */
  BATON_UV: Type.Optional(Type.String({ minLength: 1 })),
  /** What the node's cache of datasets, code and environments may take. Default: a fifth of the disk. */
  BATON_CACHE_BYTES: Type.Optional(Type.String({ minLength: 1 })),
  /** How fast inputs are fetched and copied. Default: 64 MiB while a job runs on the node, else no bound. */
  BATON_STAGE_BYTES_PER_S: Type.Optional(Type.String({ minLength: 1 })),
  /** The socket of the docker that runs jobs with an image, or `off`. Default: as DOCKER_HOST says, else /var/run/docker.sock. */
  BATON_DOCKER: Type.Optional(Type.String({ pattern: '^(off|/.+|unix:///.+)$' })),
  DOCKER_HOST: Type.Optional(Type.String()),
  /** Whom containers run as, where the agent is root: `uid:gid`. Default 65534:65534. */
  BATON_CONTAINER_USER: Type.Optional(Type.String({ pattern: '^[1-9]\\d{0,9}:\\d{1,10}$' })),
  /** How long a docker that does not answer is waited for. Default 300,000. */
  BATON_DOCKER_WAIT_MS: Type.Optional(Type.String({ pattern: '^\\d{1,9}$' })),
  /** The PATH of jobs. Default: the agent's own. */
  BATON_JOB_PATH: Type.Optional(Type.String()),
  /** The user that jobs run as, by name or number, and a group besides. Default: the agent's own. */
  BATON_JOB_USER: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}(:\\d{1,10})?$' })),
  BATON_LOG_LEVEL: Type.Optional(Type.String()),
});

/** Where the platform's content is. */
export type BlobPlace = { readonly folder: string } | { readonly url: string; readonly token: string };

export interface DockerConfig {
  /** null: this node runs no containers. */
  readonly socket: string | null;
  readonly user: { readonly uid: number; readonly gid: number };
  readonly waitMs: number;
}

export interface AgentConfig {
  readonly natsUrl: string;
  readonly credentials: BusCredentials | null;
  readonly nodeId: string;
  readonly nodeName: string;
  /** null: the one that it has towards the platform. */
  readonly address: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly blobs: BlobPlace;
  readonly apiUrl: string;
  readonly cpuSlots: number;
  readonly graceMs: number;
  readonly describeMs: number;
  readonly takeLimitMs: number;
  readonly earlyLookMs: number;
  readonly checkpointEveryMs: number;
  readonly syncMs: number;
  readonly sampleMs: number;
  readonly python: string | null;
  readonly uv: string | null;
  /** null: a share of the disk. */
  readonly cacheBytes: number | null;
  /** null: as fast as it goes while nothing runs. */
  readonly stageBytesPerSecond: number | null;
  readonly docker: DockerConfig;
  readonly jobPath: string;
  /** null: the agent's own. */
  readonly jobUser: string | null;
  /** Whether control groups are made where they can be. */
  readonly controlGroups: boolean;
  readonly logLevel: string;
}

const DEFAULT_DOCKER_SOCKET = '/var/run/docker.sock';
const UNIX = 'unix://';
const NOBODY = '65534:65534';
const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';

/** With `joined`, what the platform has told this agent stands in for what its environment does not say. */
export function parseConfig(environment: Environment, joined: JoinedNode | null = null): AgentConfig {
  const settings = parseSettings(joined === null ? environment : { ...told(joined), ...environment });
  return {
    natsUrl: settings.BATON_NATS_URL,
    credentials: joined === null ? passwordOf(settings) : { seed: joined.seed },
    nodeId: settings.BATON_NODE_ID,
    nodeName: settings.BATON_NODE_NAME ?? nameFromHost(hostname()),
    address: settings.BATON_NODE_ADDRESS ?? null,
    labels: parseLabels(settings.BATON_NODE_LABELS ?? ''),
    folder: settings.BATON_AGENT_FOLDER,
    blobs: blobPlace(settings.BATON_BLOB_FOLDER, joined),
    apiUrl: settings.BATON_API_URL,
    cpuSlots: Number(settings.BATON_CPU_SLOTS ?? 1),
    ...timesOf(settings),
    ...stagingOf(settings),
    docker: dockerOf(settings),
    jobPath: settings.BATON_JOB_PATH ?? environment['PATH'] ?? DEFAULT_PATH,
    jobUser: settings.BATON_JOB_USER ?? null,
    controlGroups: settings.BATON_CONTROL_GROUPS !== 'off',
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

function timesOf(
  settings: Type.Static<typeof Settings>,
): Pick<
  AgentConfig,
  'graceMs' | 'describeMs' | 'takeLimitMs' | 'earlyLookMs' | 'checkpointEveryMs' | 'syncMs' | 'sampleMs'
> {
  return {
    graceMs: Number(settings.BATON_GRACE_MS ?? 10_000),
    describeMs: Number(settings.BATON_DESCRIBE_MS ?? 30_000),
    takeLimitMs: Number(settings.BATON_TAKE_LIMIT_MS ?? 600_000),
    earlyLookMs: Number(settings.BATON_EARLY_LOOK_MS ?? 5_000),
    checkpointEveryMs: Number(settings.BATON_CHECKPOINT_EVERY_MS ?? 600_000),
    syncMs: Number(settings.BATON_SYNC_MS ?? 2_000),
    sampleMs: Number(settings.BATON_SAMPLE_MS ?? 10_000),
  };
}

function stagingOf(
  settings: Type.Static<typeof Settings>,
): Pick<AgentConfig, 'python' | 'uv' | 'cacheBytes' | 'stageBytesPerSecond'> {
  return {
    python: settings.BATON_PYTHON ?? null,
    uv: settings.BATON_UV ?? null,
    cacheBytes: parseBytes('BATON_CACHE_BYTES', settings.BATON_CACHE_BYTES),
    stageBytesPerSecond: parseBytes('BATON_STAGE_BYTES_PER_S', settings.BATON_STAGE_BYTES_PER_S),
  };
}

function dockerOf(settings: Type.Static<typeof Settings>): DockerConfig {
  const { BATON_DOCKER: named, DOCKER_HOST: host = '' } = settings;
  const socket = named ?? (host.startsWith(UNIX) ? host : DEFAULT_DOCKER_SOCKET);
  return {
    socket: socket === 'off' ? null : socket.replace(UNIX, ''),
    user: containerUser(settings.BATON_CONTAINER_USER ?? NOBODY),
    waitMs: Number(settings.BATON_DOCKER_WAIT_MS ?? 300_000),
  };
}

/** Nobody but root can give folders to another user. */
function containerUser(text: string): DockerConfig['user'] {
  const [uid = 0, gid = 0] = text.split(':').map(Number);
  const own = { uid: process.getuid?.() ?? uid, gid: process.getgid?.() ?? gid };
  return own.uid === 0 ? { uid, gid } : own;
}

/** null if it is not set. */
function parseBytes(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const bytes = parseSizeBytes(text);
  if (bytes !== null && bytes > 0) return bytes;
  throw new PlatformError('invalid_input', `${name} is no size such as "20GiB".`);
}

function told({ nodeId, name, natsUrl, apiUrl }: JoinedNode): Environment {
  const named = name === null ? {} : { BATON_NODE_NAME: name };
  return { BATON_NODE_ID: nodeId, BATON_NATS_URL: natsUrl, BATON_API_URL: apiUrl, ...named };
}

function blobPlace(folder: string | undefined, joined: JoinedNode | null): BlobPlace {
  if (folder !== undefined) return { folder };
  if (joined !== null) return { url: joined.apiUrl, token: agentToken(joined) };
  const message = 'The configuration is not valid: BATON_BLOB_FOLDER is required, unless the agent has joined.';
  throw new PlatformError('invalid_input', message);
}

function passwordOf(settings: Type.Static<typeof Settings>): AgentConfig['credentials'] {
  const { BATON_NATS_USER: user, BATON_NATS_PASSWORD_FILE: file } = settings;
  return user === undefined || file === undefined ? null : { user, password: readFileSync(file, 'utf8').trim() };
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
