// Where an agent on another server finds NATS, as seen from that server.
import { PlatformError } from '@baton/errors';
import { isLoopback } from '../../config.ts';

const WILDCARDS = new Set(['0.0.0.0', '[::]']);

export interface Asker {
  /** The name under which the asker has reached the gateway, without its port. */
  readonly hostname: string;
  /** Where the asker is. */
  readonly ip: string;
}

/** The address, or `conflict` if nobody but this machine can reach it and the asker is another one. */
export function natsAddressFor(natsUrl: string, { hostname, ip }: Asker): string {
  const url = new URL(natsUrl);
  if (WILDCARDS.has(url.hostname)) return natsUrl.replace(url.hostname, hostname);
  if (isOwnMachine(natsUrl) && !isLoopback(ip.replace(/^::ffff:/, ''))) {
    const message =
      'nats-server listens on the platform\'s own machine alone. Start the platform with BATON_NATS_HOST, as docs/running.md says under "Another server", and join again with the same token.';
    throw new PlatformError('conflict', message);
  }
  return natsUrl;
}

/** Whether agents of this machine alone can join. */
export function isOwnMachine(natsUrl: string): boolean {
  return isLoopback(new URL(natsUrl).hostname.replaceAll(/[[\]]/g, ''));
}
