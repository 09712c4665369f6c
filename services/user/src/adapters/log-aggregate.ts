// One kind of aggregate in the event log, as use cases see it.
import { randomUUID } from 'node:crypto';
import type { AggregateName } from '@baton/contracts';
import type { Decider } from '@baton/decider';
import { commandContext, commandHandler, type CommandHandler, type StoredEvent } from '@baton/event-store';
import type { Platform } from '@baton/service-host';
import type { Aggregate, Write } from '../app/aggregates.ts';
import type { Versioned } from '../app/mirror.ts';

export type Log = Pick<Platform, 'events' | 'now' | 'secret'>;

export interface LogAggregateOptions<State> {
  /** Told before the write is answered: what is held in memory is then never behind an answer. */
  readonly written?: (id: string, next: Versioned<State>) => void;
}

export class LogAggregate<Command, State, Event extends StoredEvent> implements Aggregate<Command, State> {
  readonly #handler: CommandHandler<Command, State, Event>;
  readonly #secret: string;
  readonly #written: (id: string, next: Versioned<State>) => void;

  constructor(
    log: Log,
    aggregate: AggregateName,
    decider: Decider<Command, State, Event>,
    options: LogAggregateOptions<State> = {},
  ) {
    const { events: store, now, secret } = log;
    this.#handler = commandHandler({ store, decider, aggregate, now, newId: randomUUID });
    this.#secret = secret;
    this.#written = options.written ?? (() => {});
  }

  load(id: string): Promise<Versioned<State>> {
    return this.#handler.load(id);
  }

  async execute(id: string, command: Command, write: Write): Promise<Versioned<State>> {
    const { state, revision } = await this.#handler.execute(
      id,
      command,
      commandContext({ ...write, secret: this.#secret, namesPeople: true }),
    );
    this.#written(id, { state, revision });
    return { state, revision };
  }
}
