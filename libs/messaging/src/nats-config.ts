// The configuration of nats-server: loopback, JetStream with an fsync for each write, one user a role with its own subjects.
import { type NatsRole, rolePermissions } from '@baton/contracts';

export interface NatsUser {
  readonly role: NatsRole;
  readonly user: string;
  readonly password: string;
  readonly nodeId?: string;
}

export interface NatsServerConfig {
  readonly host: string;
  readonly port: number;
  readonly storeDir: string;
  readonly users: readonly NatsUser[];
  /** False for servers before 2.10, which refuse the option: acknowledged writes are then not yet on disk. */
  readonly syncAlways: boolean;
}

/** Text for `nats-server -c`. The embedded profile starts it with this; a cluster's operator can start from it. */
export function natsServerConfig(config: NatsServerConfig): string {
  return [
    `listen: ${quote(`${config.host}:${config.port}`)}`,
    'server_name: baton',
    'max_payload: 4MB',
    'jetstream {',
    `  store_dir: ${quote(config.storeDir)}`,
    ...(config.syncAlways ? ['  sync_interval: always'] : []),
    '}',
    natsAuthorization(config.users),
    '',
  ].join('\n');
}

/** The users' block alone, for a server that has the rest of its configuration. */
export function natsAuthorization(users: readonly NatsUser[]): string {
  return ['authorization {', '  users: [', ...users.map((user) => `    ${userBlock(user)}`), '  ]', '}'].join('\n');
}

function userBlock(user: NatsUser): string {
  const { publish, subscribe } = rolePermissions(user.role, user.nodeId);
  const permissions = `{ publish: ${list(publish)}, subscribe: ${list(subscribe)}, allow_responses: true }`;
  return `{ user: ${quote(user.user)}, password: ${quote(user.password)}, permissions: ${permissions} }`;
}

function list(subjects: readonly string[]): string {
  return `[${subjects.map(quote).join(', ')}]`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
