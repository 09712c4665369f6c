// Asks nvidia-smi which processes compute on this server's cards.
import type { CardUsers } from '../../app/card-watch.ts';
import { type CardUser, CARD_USERS_QUERY, parseCardUsers } from '../../domain/card-users.ts';
import { findOnPath } from '../process/find-command.ts';
import { runTool } from '../python/run-tool.ts';

/** A driver in trouble can hang for minutes. */
const QUERY_TIMEOUT_MS = 10_000;

export class ServerCardUsers implements CardUsers {
  readonly #path: string;

  /** `path`: where nvidia-smi is looked for. */
  constructor(path: string) {
    this.#path = path;
  }

  async now(): Promise<readonly CardUser[]> {
    const tool = await findOnPath('nvidia-smi', this.#path);
    if (tool === null) return [];
    const { code, output } = await runTool([tool, ...CARD_USERS_QUERY], this.#path, { timeoutMs: QUERY_TIMEOUT_MS });
    return code === 0 ? parseCardUsers(output) : [];
  }
}
