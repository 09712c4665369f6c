// The files in which an agent keeps that it has joined, and its credentials: for its own user alone.
import { fits } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { JoinedNode, OwnCredentials } from '../../joined-node.ts';

const JOINED = 'credentials.json';
const JOINING = 'credentials.joining.json';

/** Null if no agent of this folder has joined. */
export function readJoinedNode(folder: string): JoinedNode | null {
  return read(join(folder, JOINED), (value) => fits(JoinedNode, value));
}

/** Null if it has not begun to join. */
export function readOwnCredentials(folder: string): OwnCredentials | null {
  return read(join(folder, JOINING), (value) => fits(OwnCredentials, value));
}

function read<T>(path: string, check: (value: unknown) => boolean): T | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const value: unknown = parsed(text);
  if (!check(value))
    throw new PlatformError('invalid_input', `${path} can't be read. Restore it, or join anew from another folder.`);
  return value as T;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export function keepOwnCredentials(folder: string, credentials: OwnCredentials): Promise<void> {
  return writeDurably(join(folder, JOINING), credentials);
}

export function keepJoinedNode(folder: string, node: JoinedNode): Promise<void> {
  return writeDurably(join(folder, JOINED), node);
}

async function writeDurably(path: string, value: object): Promise<void> {
  const staged = `${path}.new`;
  const file = await open(staged, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(value, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(staged, path);
}
