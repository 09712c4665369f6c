// The configuration of nats-server: loopback, JetStream with an fsync for each write, one user a role with its own subjects.
import { natsAuthorization, type NatsUser } from './nats-authorization.ts';

/** The disk is the limit. */
const NO_LIMIT_BYTES = 2 ** 50;

export const HEALTH_SUBJECT = '$SYS.REQ.SERVER.PING.HEALTHZ';
export const HEALTH_INBOX = '_INBOX.health';

export interface NatsServerConfig {
  readonly host: string;
  readonly port: number;
  readonly storeDir: string;
  readonly users: readonly NatsUser[];
  /** False for servers before 2.10, which refuse the option: acknowledged writes are then not yet on disk. */
  readonly syncAlways: boolean;
  /** Of the user `health`, who may ask the server how it is, and nothing else; there is none if absent. */
  readonly healthPassword?: string;
  /** For agents on other servers. The platform's own processes stay on this machine, and go without. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
}

/** Text for `nats-server -c`. The embedded profile starts it with this; a cluster's operator can start from it. */
export function natsServerConfig(config: NatsServerConfig): string {
  return [
    `listen: ${quote(`${config.host}:${config.port}`)}`,
    'server_name: baton',
    'max_payload: 4MB',
    ...(config.tls === undefined ? [] : [tlsBlock(config.tls)]),
    'jetstream {',
    `  store_dir: ${quote(config.storeDir)}`,
    ...(config.syncAlways ? ['  sync_interval: always'] : []),
    // By default three quarters of what is free at the start: a server started on a full disk would never write again.
    `  max_file_store: ${NO_LIMIT_BYTES}`,
    '}',
    ...(config.healthPassword === undefined ? [] : [healthAccount(config.healthPassword)]),
    natsAuthorization(config.users),
    '',
  ].join('\n');
}

/** Only the system account is told how the server is. */
function healthAccount(password: string): string {
  const permissions = `{ publish: ${quote(HEALTH_SUBJECT)}, subscribe: ${quote(HEALTH_INBOX)} }`;
  return `accounts { $SYS { users: [ { user: health, password: ${quote(password)}, permissions: ${permissions} } ] } }`;
}

function tlsBlock({ certFile, keyFile }: { readonly certFile: string; readonly keyFile: string }): string {
  return `tls { cert_file: ${quote(certFile)}, key_file: ${quote(keyFile)} }\nallow_non_tls: true`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
