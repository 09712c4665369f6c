// What a state folder holds besides log and blobs and can't be made again: keys, secrets, who its node is, the signed heads.
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** Passwords for NATS, its configuration and the agents' public keys are made anew at each start. */
const SINGLE = ['secrets/installation', 'secrets/admin-token', 'secrets/seal-key', 'agent/node-id'];

export type StateFiles = Map<string, Buffer>;

/** By path in the state folder. */
export async function readStateFiles(home: string): Promise<StateFiles> {
  const keys = await readdir(join(home, 'keys'), { recursive: true, withFileTypes: true });
  const inKeys = keys.flatMap((entry) => (entry.isFile() ? [relative(home, join(entry.parentPath, entry.name))] : []));
  const found: StateFiles = new Map();
  for (const path of [...SINGLE, ...inKeys]) {
    const content = await readFile(join(home, path)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    if (content !== null) found.set(path, content);
  }
  return found;
}
