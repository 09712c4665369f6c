// Unique names in the event log.
import { randomUUID } from 'node:crypto';
import { hasCode } from '@baton/errors';
import { commandContext, nameRegistry, type NameRegistry } from '@baton/event-store';
import type { Names, ReservedKind, Write } from '../app/aggregates.ts';
import type { Log } from './log-aggregate.ts';

export class LogNames implements Names {
  readonly #registry: NameRegistry;
  readonly #secret: string;

  constructor({ events: store, now, secret }: Log) {
    this.#registry = nameRegistry({ store, secret, now, newId: randomUUID });
    this.#secret = secret;
  }

  holder(kind: ReservedKind, name: string): Promise<string | null> {
    return this.#registry.holderOf(kind, name);
  }

  async reserve(kind: ReservedKind, name: string, holderId: string, write: Write): Promise<string> {
    for (;;) {
      try {
        await this.#registry.reserve({ kind, name, holderId, context: this.#context(write) });
        return holderId;
      } catch (error) {
        const other = hasCode(error, 'name_taken') ? await this.#registry.holderOf(kind, name) : null;
        if (other !== null) return other;
        // Released in between: it may be ours now.
        if (!hasCode(error, 'name_taken')) throw error;
      }
    }
  }

  release(kind: ReservedKind, name: string, holderId: string, write: Write): Promise<void> {
    return this.#registry.release({ kind, name, holderId, context: this.#context(write) });
  }

  #context(write: Write) {
    return commandContext({ ...write, secret: this.#secret, namesPeople: true });
  }
}
