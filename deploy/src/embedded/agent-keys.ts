// The agents that have joined, as the scheduler writes them down; nats-server's configuration follows while it runs.
import { readFileSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { AgentKey } from '@baton/contracts/nats';

const NODE_ID = /^nod_[a-z0-9]{26}$/;
const PUBLIC_KEY = /^U[A-Z2-7]{55}$/;

/** None before the first agent joins. What is no agent's key is left out: it would stand in a permission. */
export function readAgentKeys(file: string): AgentKey[] {
  try {
    const keys = JSON.parse(readFileSync(file, 'utf8')) as AgentKey[];
    return keys
      .filter(({ nodeId, publicKey }) => NODE_ID.test(nodeId) && PUBLIC_KEY.test(publicKey))
      .map(({ nodeId, publicKey }) => ({ role: 'agent', nodeId, publicKey }));
  } catch {
    return [];
  }
}

/** Calls `changed` after each change of the file, which is always replaced as a whole, until the function that it gives is called. */
export function watchAgentKeys(file: string, changed: () => void): () => void {
  const name = basename(file);
  const watcher = watch(dirname(file), (_event, changedName) => {
    if (changedName === null || changedName === name) changed();
  });
  watcher.on('error', () => watcher.close());
  return () => watcher.close();
}
