// Where nats-server listens: a loopback port of its own, or, for agents on other servers, where it is told to.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlatformError } from '@baton/errors/platform-error';
import { type Home, writeDurably } from './home.ts';
import { freeLoopbackPort, isLoopback, isWildcard, refuseOpenBind, refuseTakenPort } from './open-bind.ts';

type Settings = Readonly<Record<string, string | undefined>>;

const DEFAULT_PORT = 4222;

export interface NatsAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
  /** For the platform's own processes, on this machine. */
  readonly url: string;
  /** For agents on other servers. */
  readonly publicUrl: string;
}

export async function natsAddress(home: Home, settings: Settings): Promise<NatsAddress> {
  const host = settings['BATON_NATS_HOST'] ?? '127.0.0.1';
  const tls = tlsFiles(settings);
  const advice = 'Give it a certificate with BATON_NATS_TLS_CERT and BATON_NATS_TLS_KEY';
  if (tls === null) refuseOpenBind({ setting: 'BATON_NATS_HOST', host, advice }, settings);
  const port = await portFor(home, host, settings);
  const scheme = tls === null ? 'nats' : 'tls';
  return {
    host,
    port,
    tls,
    url: `nats://${bracketed(isWildcard(host) ? '127.0.0.1' : host)}:${port}`,
    publicUrl: settings['BATON_NATS_PUBLIC_URL'] ?? `${scheme}://${bracketed(host)}:${port}`,
  };
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function tlsFiles(settings: Settings): NatsAddress['tls'] {
  const { BATON_NATS_TLS_CERT: certFile, BATON_NATS_TLS_KEY: keyFile } = settings;
  if (!certFile && !keyFile) return null;
  const missing = !certFile || !existsSync(certFile) ? 'BATON_NATS_TLS_CERT' : 'BATON_NATS_TLS_KEY';
  if (!certFile || !keyFile || !existsSync(certFile) || !existsSync(keyFile))
    throw new PlatformError('invalid_input', `${missing} names no file that is there. TLS needs both.`);
  return { certFile, keyFile };
}

/** An agent keeps the address: the port of the last start is taken again, where nobody else has taken it. */
async function portFor(home: Home, host: string, settings: Settings): Promise<number> {
  const asked = settings['BATON_NATS_PORT'];
  if (asked !== undefined || !isLoopback(host)) {
    const port = Number(asked ?? DEFAULT_PORT);
    await refuseTakenPort(host, port, 'BATON_NATS_PORT');
    return port;
  }
  const file = join(home.run, 'nats-port');
  const last = existsSync(file) ? Number(readFileSync(file, 'utf8')) : NaN;
  const port = await freeLoopbackPort(Number.isInteger(last) && last > 0 && last < 65_536 ? last : null);
  writeDurably(file, `${port}`);
  return port;
}
