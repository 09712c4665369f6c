// Where this server's docker daemon is, and whether it is there: asked without a client library, which other nodes need not load.
import { request } from 'node:http';
import type { NodeDescription } from '@baton/contracts';

const ANSWER_MS = 2_000;

export type RuntimeNames = NonNullable<NodeDescription['runtimes']>;

/** What a node tells of itself. A daemon that has answered once is expected back: jobs wait for it, and are not refused. */
export class RuntimesProbe {
  readonly #socket: string | null;
  #seen = false;

  /** null: no containers on this node. */
  constructor(socket: string | null) {
    this.#socket = socket;
  }

  async names(): Promise<RuntimeNames> {
    if (this.#socket !== null && !this.#seen) this.#seen = await answers(this.#socket);
    return this.#seen ? ['process', 'docker'] : ['process'];
  }
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ socketPath, path: '/_ping', timeout: ANSWER_MS }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.once('timeout', () => asked.destroy());
    asked.once('error', () => resolve(false));
    asked.once('close', () => resolve(false));
    asked.end();
  });
}
