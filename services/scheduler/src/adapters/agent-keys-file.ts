// The public keys of the agents that have joined, as a file from which nats-server's configuration is made. Nothing in it is secret.
import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import type { AgentKey } from '@baton/contracts';
import type { FoundNode } from '../app/nodes.ts';
import { admissionOf } from '../domain/node.ts';

export class AgentKeysFile {
  readonly #path: string;
  #last: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /** Written whole, one write after the other; a file that says the same already is left alone. */
  write(nodes: readonly FoundNode[]): Promise<void> {
    const text = `${JSON.stringify(keysOf(nodes), null, 2)}\n`;
    this.#last = this.#last.catch(() => {}).then(() => this.#replace(text));
    return this.#last;
  }

  async #replace(text: string): Promise<void> {
    if ((await readFile(this.#path, 'utf8').catch(() => null)) === text) return;
    const staged = `${this.#path}.${randomUUID()}`;
    try {
      const file = await open(staged, 'wx', 0o600);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(staged, this.#path);
    } finally {
      await rm(staged, { force: true });
    }
  }
}

function keysOf(nodes: readonly FoundNode[]): AgentKey[] {
  const keys = nodes.flatMap(({ id, state }) => {
    const admission = admissionOf(state);
    return admission === null ? [] : [{ role: 'agent' as const, nodeId: id, publicKey: admission.publicKey }];
  });
  return keys.toSorted((one, other) => (one.nodeId < other.nodeId ? -1 : 1));
}
