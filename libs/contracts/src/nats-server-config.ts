// The configuration of nats-server: loopback, JetStream with an fsync for each write, one user a role with its own subjects.
import { natsAuthorization, type NatsUser } from './nats-authorization.ts';

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

function quote(text: string): string {
  return JSON.stringify(text);
}
