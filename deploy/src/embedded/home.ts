// The state folder of an embedded installation: its layout, its secrets, and clear words when it can't be used.
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type NatsRole, ROLES } from '@baton/contracts/nats';
import { PlatformError } from '@baton/errors/platform-error';
import { hasRoom } from '@baton/service-host/disk-room';

export interface Home {
  readonly root: string;
  readonly secrets: string;
  readonly run: string;
  readonly logs: string;
  readonly nats: string;
  readonly read: string;
  readonly blobs: string;
  readonly uploads: string;
  readonly keys: string;
  readonly agent: string;
  /** Compiled code of the platform's own modules: may be deleted at any time. */
  readonly cache: string;
  /** Where the log stood, signed. */
  readonly seals: string;
  readonly adminTokenFile: string;
  readonly secretFile: string;
  readonly nodeId: string;
}

/** There while a backup is being restored into the folder. */
export const RESTORING = 'restoring';
/** In the folder of secrets, with those that are kept. */
export const RESTORED_AT = 'restored-at';

/** Opens or makes the state folder. Each secret is in a file of mode 0600, durable before anything depends on it. */
export function openHome(folder: string): Home {
  const root = resolve(folder);
  const at = (name: string) => join(root, name);
  if (existsSync(at(RESTORING)))
    throw new PlatformError(
      'conflict',
      `A restore into ${root} was not finished. Run the same \`baton backup restore\` again.`,
    );
  try {
    for (const name of [
      'secrets',
      'run',
      'logs',
      'nats',
      'read',
      'blobs',
      'uploads',
      'keys',
      'seals',
      'agent',
      'cache',
    ]) {
      makeFolder(at(name));
    }
    const adminTokenFile = at('secrets/admin-token');
    const secretFile = at('secrets/installation');
    // The token is written first: an installation that has its secret has had its token.
    if (!existsSync(secretFile)) {
      writeDurably(adminTokenFile, randomSecret());
      writeDurably(secretFile, randomSecret());
    }
    for (const role of ROLES) makeSecret(passwordFile(at('secrets'), role), randomSecret);
    makeSecret(passwordFile(at('secrets'), 'health'), randomSecret);
    const nodeId = makeSecret(at('agent/node-id'), newNodeId);
    if (!hasRoom(root)) throw Object.assign(new Error('too little space is left'), { code: 'ENOSPC' });
    const folders = { secrets: at('secrets'), run: at('run'), logs: at('logs'), nats: at('nats'), read: at('read') };
    const data = {
      blobs: at('blobs'),
      uploads: at('uploads'),
      keys: at('keys'),
      seals: at('seals'),
      agent: at('agent'),
      cache: at('cache'),
    };
    return { root, ...folders, ...data, adminTokenFile, secretFile, nodeId };
  } catch (error) {
    throw unusable(root, error);
  }
}

/** Jobs that run as another user pass through it to what is theirs; what else is in there stays closed to them. */
export function openToJobs({ root }: Home): void {
  if (process.getuid?.() !== 0)
    throw new PlatformError(
      'invalid_input',
      'BATON_JOB_USER is set, and this is not root: only root can run jobs as another user. Unset it, or start as root.',
    );
  chmodSync(root, statSync(root).mode | 0o011);
}

/** Not `recursive`: that hides a read-only file system's error, and below /proc it never returns. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

/** Read models are folded from the log: without them the services start by folding it again. */
export function dropReadModels(home: Home): void {
  rmSync(home.read, { recursive: true, force: true });
  mkdirSync(home.read, { mode: 0o700 });
}

export function passwordFile(secrets: string, role: NatsRole | 'health'): string {
  return join(secrets, `nats-${role}`);
}

/** When it was restored from a backup last, in milliseconds since the Unix epoch; 0 if never. */
export function restoredAt(home: Home): number {
  const file = join(home.secrets, RESTORED_AT);
  return existsSync(file) ? Number(readSecret(file)) || 0 : 0;
}

/** The one-time token of the admin's sign-up; null once it was used. */
export function adminToken(home: Home): string | null {
  return existsSync(home.adminTokenFile) ? readSecret(home.adminTokenFile) : null;
}

const ID_ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** In the form of every id. The launcher makes it itself, to be spared the libraries that the services need. */
function newNodeId(): string {
  const characters = Array.from(randomBytes(26), (byte) => ID_ALPHABET[byte & 31]);
  return `nod_${characters.join('')}`;
}

function randomSecret(): string {
  return randomBytes(32).toString('base64url');
}

export function readSecret(path: string): string {
  return readFileSync(path, 'utf8').trim();
}

function makeSecret(path: string, make: () => string): string {
  if (!existsSync(path)) writeDurably(path, make());
  return readSecret(path);
}

/** Readable by this user alone; after a power cut it is there, as it was or as it is to be. */
export function writeDurably(path: string, text: string): void {
  const staged = `${path}.new`;
  const file = openSync(staged, 'w', 0o600);
  writeSync(file, `${text}\n`);
  fsyncSync(file);
  closeSync(file);
  renameSync(staged, path);
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

const REASONS: Readonly<Record<string, string>> = {
  EROFS: 'it is on a read-only file system',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  ENOSPC: 'there is no space left on its disk',
  EDQUOT: 'the disk quota is used up',
  ENOTDIR: 'part of its path is a file',
  EEXIST: 'part of its path is a file',
};

function unusable(root: string, error: unknown): PlatformError {
  const code = String((error as { code?: unknown }).code);
  const reason = REASONS[code] ?? (error instanceof Error ? error.message : String(error));
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  const advice = isFull
    ? 'Free some space, or set BATON_HOME to another folder.'
    : 'Set BATON_HOME to a folder that can be written.';
  const message = `The state folder ${root} can't be used: ${reason}. ${advice}`;
  return new PlatformError(isFull ? 'storage_full' : 'unavailable', message, { cause: error });
}
