// Listening where others can reach: refused without TLS, unless asked for in so many words; and ports that are taken.
import { createConnection, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { PlatformError } from '@baton/errors/platform-error';

type Settings = Readonly<Record<string, string | undefined>>;

const WILDCARDS: readonly string[] = ['0.0.0.0', '::'];

export function isWildcard(host: string): boolean {
  return WILDCARDS.includes(host);
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

export interface Binding {
  readonly setting: string;
  readonly host: string;
  /** What can be done besides giving in. */
  readonly advice: string;
}

export function refuseOpenBind({ setting, host, advice }: Binding, settings: Settings): void {
  if (isLoopback(host) || settings['BATON_INSECURE_BIND'] === 'i-know') return;
  const message =
    `${setting}=${host} would send passwords and tokens over the network in the clear. ${advice}, ` +
    'or set BATON_INSECURE_BIND=i-know on a network that you trust.';
  throw new PlatformError('forbidden', message);
}

/** What was killed a moment ago, with the run before, may still be going. */
const GOING_MS = 2_000;
const LOOK_MS = 100;

/** Says, with the name of the setting, what would otherwise show as a process that keeps dying. */
export async function refuseTakenPort(host: string, port: number, setting: string): Promise<void> {
  const begun = performance.now();
  while (await isTaken(host, port)) {
    if (performance.now() - begun > GOING_MS)
      throw new PlatformError(
        'conflict',
        `Port ${port} is in use. Stop what uses it, or set ${setting} to another port.`,
      );
    await sleep(LOOK_MS);
  }
}

function isTaken(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createConnection({ host: isWildcard(host) ? '127.0.0.1' : host, port });
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}

/** The wished port if nobody has it, otherwise any other. */
export async function freeLoopbackPort(wished: number | null): Promise<number> {
  return (wished === null ? null : await listenedOn(wished)) ?? (await listenedOn(0)) ?? 0;
}

function listenedOn(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe
      .once('error', () => resolve(null))
      .listen(port, '127.0.0.1', () => {
        const address = probe.address();
        probe.close(() => resolve(typeof address === 'object' && address ? address.port : null));
      });
  });
}
