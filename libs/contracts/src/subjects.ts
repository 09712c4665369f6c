// NATS subjects and streams, and which role may use which. Nothing is allowed that is not listed here.
import type { AggregateName } from './schema.ts';

export const EVENTS_STREAM = 'EVENTS';
export const JOBS_STREAM = 'JOBS';
export const LOGS_STREAM = 'LOGS';
export const METRICS_STREAM = 'METRICS';

const EVENTS_AGGREGATES = [
  'user',
  'invite',
  'group',
  'token',
  'secret',
  'name',
  'dataset',
  'model',
  'node',
  'endpoint',
  'policy',
  'calendar',
  'retention',
] as const satisfies readonly AggregateName[];

/** The subjects that each stream captures. */
export const STREAM_SUBJECTS = {
  [EVENTS_STREAM]: EVENTS_AGGREGATES.map((aggregate) => `evt.${aggregate}.*`),
  [JOBS_STREAM]: ['evt.job.*'],
  [LOGS_STREAM]: ['log.*.*.*.*'],
  [METRICS_STREAM]: ['metric.*.*.*'],
} as const;
export type StreamName = keyof typeof STREAM_SUBJECTS;

export const subjects = {
  /** One subject an aggregate: all its commits. */
  aggregate: (aggregate: AggregateName, id: string) => `evt.${aggregate}.${id}`,
  aggregates: (aggregate: AggregateName) => `evt.${aggregate}.*`,
  /** Raw bytes of output; headers `Baton-Offset` (bytes from the start of that output) and `Baton-At` (ms). */
  log: (nodeId: string, jobId: string, attempt: number, output: 'stdout' | 'stderr') =>
    `log.${nodeId}.${jobId}.${attempt}.${output}`,
  logsOfJob: (jobId: string) => `log.*.${jobId}.*.*`,
  /** JSON array of metric points. */
  metric: (nodeId: string, jobId: string, attempt: number) => `metric.${nodeId}.${jobId}.${attempt}`,
  metricsOfJob: (jobId: string) => `metric.*.${jobId}.*`,
  /** The scheduler pushes a node's whole desired set. */
  desired: (nodeId: string) => `agent.${nodeId}.desired`,
  agentRpc: (nodeId: string, operation: AgentOperation) => `rpc.agent.${nodeId}.${operation}`,
  /** The user service says that credentials have changed: caches of principals are dropped. */
  credentialsChanged: 'note.credentials-changed',
} as const;

/** What an agent asks of the scheduler; the node's id stands in the subject, so that permissions can bind it. */
export type AgentOperation = 'sync' | 'facts' | 'secrets';

/** In a node's place in the subject of metrics that a job has sent over REST: the gateway's own, with a numbering of its own. */
export const REST_METRICS = 'rest';

export const LOG_HEADER_OFFSET = 'Baton-Offset';
export const LOG_HEADER_AT = 'Baton-At';

/** `keeper` reads the log to seal, verify and back it up, and writes nothing. */
export const ROLES = [
  'user',
  'dataset',
  'model',
  'scheduler',
  'serving',
  'gateway',
  'keeper',
  'agent',
  'operator',
] as const;
export type NatsRole = (typeof ROLES)[number];

export interface RolePermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** Replies come to an inbox of the role's own, so that no role can listen to another's; answering is granted per request. */
export function inboxPrefix(role: NatsRole, nodeId?: string): string {
  return nodeId === undefined ? `_INBOX.${role}` : `_INBOX.${role}.${nodeId}`;
}
/** What a reader or writer of a stream needs of the JetStream API: never delete or purge. */
function streamApi(stream: StreamName): string[] {
  return [
    `$JS.API.STREAM.INFO.${stream}`,
    `$JS.API.STREAM.CREATE.${stream}`,
    `$JS.API.STREAM.MSG.GET.${stream}`,
    `$JS.API.DIRECT.GET.${stream}`,
    `$JS.API.DIRECT.GET.${stream}.>`,
    `$JS.API.CONSUMER.CREATE.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}.>`,
    `$JS.API.CONSUMER.INFO.${stream}.>`,
    `$JS.API.CONSUMER.DELETE.${stream}.>`,
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.>`,
    `$JS.ACK.${stream}.>`,
    `$JS.FC.>`,
  ];
}
const ACCOUNT_INFO = '$JS.API.INFO';
/** The bucket of the leaders' leases. */
const LEASES = [
  '$KV.LEADERS.>',
  '$JS.API.STREAM.*.KV_LEADERS',
  '$JS.API.STREAM.MSG.GET.KV_LEADERS',
  '$JS.API.DIRECT.GET.KV_LEADERS.>',
  '$JS.API.CONSUMER.*.KV_LEADERS.>',
];

interface ServiceGrant {
  readonly streams: readonly StreamName[];
  readonly writes: readonly AggregateName[];
  readonly calls: readonly string[];
  readonly answers: readonly string[];
}

/** Whoever has a new kind of aggregate adds its subject to a stream that is there already. */
const EXTEND_EVENTS = `$JS.API.STREAM.UPDATE.${EVENTS_STREAM}`;

/** How far output and metrics have come. */
const OUTPUT_POSITIONS = [`$JS.API.STREAM.INFO.${LOGS_STREAM}`, `$JS.API.STREAM.INFO.${METRICS_STREAM}`];

/** Output and metrics are no events: whoever sees to retention throws them away. */
const PURGE_OUTPUT = [`$JS.API.STREAM.PURGE.${LOGS_STREAM}`, `$JS.API.STREAM.PURGE.${METRICS_STREAM}`];

/** Whether the role may add subjects to the stream. */
export function mayExtendStream(role: NatsRole, stream: StreamName): boolean {
  return rolePermissions(role).publish.includes(`$JS.API.STREAM.UPDATE.${stream}`);
}

function service(role: NatsRole, grant: ServiceGrant): RolePermissions {
  return {
    publish: [
      ACCOUNT_INFO,
      ...grant.streams.flatMap(streamApi),
      ...grant.writes.map((aggregate) => `evt.${aggregate}.*`),
      ...grant.calls,
    ],
    subscribe: [`${inboxPrefix(role)}.>`, ...grant.answers],
  };
}

/** All that the dataset and model services ask of the user service. */
const RESOLVE_GROUP = 'rpc.user.resolve-group';

type ServiceRole = Exclude<NatsRole, 'agent' | 'operator'>;

const GRANTS: Readonly<Record<ServiceRole, ServiceGrant>> = {
  user: {
    streams: [EVENTS_STREAM],
    writes: ['user', 'invite', 'group', 'token', 'secret', 'name'],
    calls: [subjects.credentialsChanged],
    answers: ['rpc.user.*'],
  },
  dataset: {
    streams: [EVENTS_STREAM],
    writes: ['dataset', 'name'],
    calls: [RESOLVE_GROUP],
    answers: ['rpc.dataset.*'],
  },
  model: {
    streams: [EVENTS_STREAM, JOBS_STREAM],
    writes: ['model', 'name'],
    calls: [RESOLVE_GROUP],
    answers: ['rpc.model.*'],
  },
  scheduler: {
    streams: [EVENTS_STREAM, JOBS_STREAM],
    writes: ['job', 'node', 'policy', 'calendar', 'retention'],
    calls: [
      'rpc.user.*',
      'rpc.dataset.*',
      'rpc.model.*',
      'agent.*.desired',
      EXTEND_EVENTS,
      ...OUTPUT_POSITIONS,
      ...PURGE_OUTPUT,
      ...LEASES,
    ],
    answers: ['rpc.scheduler.*', 'rpc.agent.*.*'],
  },
  serving: {
    streams: [EVENTS_STREAM],
    writes: ['endpoint', 'name'],
    calls: ['rpc.user.*', 'rpc.model.*'],
    answers: ['rpc.serving.*', subjects.credentialsChanged],
  },
  gateway: {
    streams: [EVENTS_STREAM, JOBS_STREAM, LOGS_STREAM, METRICS_STREAM],
    writes: [],
    calls: [
      'rpc.user.*',
      'rpc.dataset.*',
      'rpc.model.*',
      'rpc.scheduler.*',
      'rpc.serving.*',
      `metric.${REST_METRICS}.*.*`,
    ],
    answers: [subjects.credentialsChanged],
  },
  keeper: {
    streams: [EVENTS_STREAM, JOBS_STREAM],
    writes: [],
    calls: [],
    answers: [],
  },
};

/** The permissions of one role; an agent's are bound to its node. */
export function rolePermissions(role: NatsRole, nodeId = '*'): RolePermissions {
  if (role === 'operator') return { publish: ['>'], subscribe: ['>'] };
  return role === 'agent' ? agentPermissions(nodeId) : service(role, GRANTS[role]);
}

/** Whether the role's grants let it send to a subject: what nats-server asks, for requests that don't pass it. */
export function mayCall(role: NatsRole, subject: string): boolean {
  return rolePermissions(role).publish.some((grant) => isWithin(subject, grant));
}

/** `*` stands for one token of the subject, `>` for the rest. */
function isWithin(subject: string, grant: string): boolean {
  const tokens = subject.split('.');
  const wanted = grant.split('.');
  const isOpen = wanted.at(-1) === '>' && tokens.length >= wanted.length;
  if (!isOpen && tokens.length !== wanted.length) return false;
  return wanted.every((token, at) => token === '>' || token === '*' || token === tokens[at]);
}

function agentPermissions(nodeId: string): RolePermissions {
  return {
    publish: [ACCOUNT_INFO, ...OUTPUT_POSITIONS, `rpc.agent.${nodeId}.*`, `log.${nodeId}.>`, `metric.${nodeId}.>`],
    subscribe: [`${inboxPrefix('agent', nodeId)}.>`, `agent.${nodeId}.*`],
  };
}
