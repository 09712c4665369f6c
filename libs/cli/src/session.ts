// Where Baton is and who is logged in: ~/.config/baton/config.json, overridden by BATON_URL and BATON_TOKEN.
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { BatonClient } from '@baton/sdk';
import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';

export const DEFAULT_URL = 'http://127.0.0.1:8080';

interface Login {
  readonly token: string;
  readonly email: string;
}
export interface Config {
  /** The installation that commands go to. */
  readonly url?: string;
  /** By URL, so that a token never goes to another installation than its own. */
  readonly logins: Readonly<Record<string, Login>>;
}
export interface Session {
  readonly client: BatonClient;
  readonly url: string;
  readonly token: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

export function configPath(env: Environment = process.env): string {
  return join(env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'baton', 'config.json');
}

/** For what may be lost: how far uploads are. */
export function stateFolder(env: Environment = process.env): string {
  return join(env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'baton');
}

export async function loadConfig(env: Environment = process.env): Promise<Config> {
  const path = configPath(env);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { logins: {} };
    throw new Failure(EXIT.failed, `${path} can't be read: ${(error as Error).message}`, { cause: error });
  }
  try {
    const { url, logins } = JSON.parse(text) as Partial<Config>;
    return { ...(typeof url === 'string' ? { url } : {}), logins: typeof logins === 'object' ? logins : {} };
  } catch (cause) {
    throw new Failure(EXIT.failed, `${path} is not valid JSON. Delete it and run \`baton login\`.`, { cause });
  }
}

export async function saveConfig(config: Config, env: Environment = process.env): Promise<void> {
  const path = configPath(env);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  await chmod(temporary, 0o600);
  await rename(temporary, path);
}

/** Without its trailing slash; throws a usage failure if it is no http(s) address. */
export function normalUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new Failure(EXIT.usage, `"${text}" is no address. Give one like ${DEFAULT_URL}.`);
  }
  return url.href.replace(/\/+$/, '');
}

/** BATON_API_URL is what a job finds: inside a job the command speaks to its own platform. */
export function urlOf(config: Config, env: Environment = process.env): string {
  return normalUrl(env['BATON_URL'] || config.url || env['BATON_API_URL'] || DEFAULT_URL);
}

export function tokenOf(config: Config, env: Environment = process.env): string | undefined {
  return env['BATON_TOKEN'] || config.logins[urlOf(config, env)]?.token;
}

const RETRY_MS = 3_000;
/** Who follows a job sits through a restart of the platform. */
export const PATIENT_MS = 120_000;

/** A client for the logged-in user. */
export async function connect(options: { readonly retryForMs?: number; readonly at?: string } = {}): Promise<Session> {
  const config = await loadConfig();
  const [url, token] = [urlOf(config), tokenOf(config)];
  if (token === undefined) {
    throw new Failure(
      EXIT.notLoggedIn,
      `You are not logged in to ${url}. Run \`baton login --url ${url}\`, or set BATON_TOKEN.`,
    );
  }
  return { client: await clientFor(url, { token, ...options }), url, token };
}

/** Loads the SDK only when something is asked of the platform. */
export async function clientFor(
  url: string,
  options: { readonly token?: string; readonly retryForMs?: number; readonly at?: string } = {},
): Promise<BatonClient> {
  const sdk = await import('@baton/sdk');
  return new sdk.BatonClient({ url, retryForMs: RETRY_MS, ...options });
}
