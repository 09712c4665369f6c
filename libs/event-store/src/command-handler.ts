// Carries out commands on one kind of aggregate: load, recognise repeats, decide, append; on conflict the same again.
import { type AggregateName, type Commit, ENVELOPE_VERSION } from '@baton/contracts';
import { type Decider, fold } from '@baton/decider';
import { hasCode, PlatformError } from '@baton/errors';
import { setTimeout as sleep } from 'node:timers/promises';
import { BoundedCache } from './bounded-cache.ts';
import type { CommandContext } from './command-context.ts';
import { checkNewEvents } from './event-schemas.ts';
import { foldCommits, type FoldedAggregate } from './folded-aggregate.ts';
import { KeyedLock } from './keyed-lock.ts';
import type { AggregateRef, EventStore, Position, StoredEvent } from './port.ts';

export interface CommandHandlerOptions<Command, State, Event extends StoredEvent> {
  readonly store: EventStore;
  readonly decider: Decider<Command, State, Event>;
  readonly aggregate: AggregateName;
  /** Milliseconds since the epoch, for the commit's `at`. */
  readonly now: () => number;
  /** Commit ids: nobody must be able to guess them. */
  readonly newId: () => string;
  /** How many folded aggregates are kept; 256 if absent. */
  readonly cacheSize?: number;
}

export interface Loaded<State> {
  /** Ordinal of the newest commit; 0 = it does not exist. */
  readonly revision: number;
  readonly state: State;
  readonly position: Position;
}

export interface Execution<State, Event> extends Loaded<State> {
  /** What this command caused; for a repeat what it caused the first time. */
  readonly events: readonly Event[];
  /** The command was carried out before: this is the answer that it got then. */
  readonly repeated: boolean;
}

export interface CommandHandler<Command, State, Event> {
  /**
   * Throws what `decide` throws, `revision_mismatch`, `idempotency_key_reused`, `conflict` when others were faster again and
   * again, and what the store throws.
   */
  execute(id: string, command: Command, context: CommandContext): Promise<Execution<State, Event>>;
  /** The aggregate as the log has it now. */
  load(id: string): Promise<Loaded<State>>;
}

const CACHE_SIZE = 256;
const ATTEMPTS = 6;
const LONGEST_PAUSE_MS = 20;

export function commandHandler<Command, State, Event extends StoredEvent>(
  options: CommandHandlerOptions<Command, State, Event>,
): CommandHandler<Command, State, Event> {
  return new Handler(options);
}

class Handler<Command, State, Event extends StoredEvent> implements CommandHandler<Command, State, Event> {
  readonly #options: CommandHandlerOptions<Command, State, Event>;
  readonly #cache: BoundedCache<FoldedAggregate<State>>;
  readonly #lock = new KeyedLock();

  constructor(options: CommandHandlerOptions<Command, State, Event>) {
    this.#options = options;
    this.#cache = new BoundedCache(options.cacheSize ?? CACHE_SIZE);
  }

  execute(id: string, command: Command, context: CommandContext): Promise<Execution<State, Event>> {
    return this.#lock.run(id, () => this.#execute(id, command, context));
  }

  load(id: string): Promise<Loaded<State>> {
    return this.#lock.run(id, async () => {
      const { revision, state, position } = await this.#read(id);
      return { revision, state, position };
    });
  }

  async #execute(id: string, command: Command, context: CommandContext): Promise<Execution<State, Event>> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(id, command, context);
      } catch (error) {
        if (!(error instanceof Stale) || attempt === ATTEMPTS) throw error instanceof Stale ? error.conflict : error;
      }
      await sleep(Math.random() * LONGEST_PAUSE_MS);
    }
  }

  async #attempt(id: string, command: Command, context: CommandContext): Promise<Execution<State, Event>> {
    const cached = this.#cache.get(id);
    const decided = cached === undefined ? null : this.#tryDecide(cached, command, context);
    // Others write to the log as well: a cached state may lead to an append, which the log checks, but never to a refusal or
    // to "nothing to do", and so it is read again before that is said.
    const current = cached !== undefined && decided !== null ? cached : await this.#read(id);
    const known = current.commands.get(context.commandId);
    if (known !== undefined) return this.#repeat(id, known.requestHash, context);
    const events = decided ?? this.#decide(current, command, context);
    if (events.length === 0) {
      return {
        revision: current.revision,
        state: current.state,
        position: current.position,
        events: [],
        repeated: false,
      };
    }
    return this.#append(id, current, events, context);
  }

  /** The events that a cached state leads to; null when a fresh one has to be asked. */
  #tryDecide(cached: FoldedAggregate<State>, command: Command, context: CommandContext): readonly Event[] | null {
    if (cached.commands.has(context.commandId)) return [];
    try {
      const events = this.#decide(cached, command, context);
      return events.length === 0 ? null : events;
    } catch {
      return null;
    }
  }

  #decide(current: FoldedAggregate<State>, command: Command, { ifRevision }: CommandContext): readonly Event[] {
    if (ifRevision !== undefined && ifRevision !== current.revision) {
      const detail = `expected ${ifRevision}, is ${current.revision}`;
      throw new PlatformError('revision_mismatch', 'It has changed since it was read; read it again.', { detail });
    }
    return this.#options.decider.decide(command, current.state);
  }

  async #append(
    id: string,
    current: FoldedAggregate<State>,
    events: readonly Event[],
    context: CommandContext,
  ): Promise<Execution<State, Event>> {
    const { store, decider } = this.#options;
    const ref = this.#ref(id);
    checkNewEvents(ref, events);
    const commit = this.#commit(current, events, context);
    this.#cache.delete(id);
    const { position, hash } = await store
      .append(ref, commit, { kind: 'aggregate', position: current.position })
      .catch((error: unknown) => {
        throw hasCode(error, 'conflict') ? new Stale(error) : error;
      });
    const { revision } = commit;
    const state = fold(decider, events, current.state);
    const commands = current.commands.set(context.commandId, { requestHash: context.requestHash, revision, position });
    this.#cache.set(id, { revision, state, position, hash, commands });
    return { revision, state, position, events, repeated: false };
  }

  #commit(current: FoldedAggregate<State>, events: readonly Event[], context: CommandContext): Commit {
    const { now, newId } = this.#options;
    return {
      envelopeV: ENVELOPE_VERSION,
      commitId: newId(),
      commandId: context.commandId,
      requestHash: context.requestHash,
      actor: context.principal.userId,
      credentialId: context.principal.credentialId,
      correlationId: context.correlationId,
      causationId: context.causationId ?? context.correlationId,
      revision: current.revision + 1,
      prevHash: current.hash,
      at: now(),
      events: events.map(({ type, v, data }) => ({ type, v, data })),
    };
  }

  /** What the first one answered: the state after its commit, whatever came since. */
  async #repeat(
    id: string,
    firstHash: string,
    { commandId, requestHash, unkeyedHash }: CommandContext,
  ): Promise<Execution<State, Event>> {
    if (firstHash !== requestHash && firstHash !== unkeyedHash) {
      throw new PlatformError(
        'idempotency_key_reused',
        'This idempotency key was used with another request; use a new one.',
      );
    }
    const { store, decider } = this.#options;
    const commits = await store.readAggregate(this.#ref(id));
    const index = commits.findIndex((commit) => commit.commandId === commandId);
    const { revision, state, position } = foldCommits(decider, commits.slice(0, index + 1));
    const events = (commits[index]?.events ?? []) as unknown as Event[];
    return { revision, state, position, events, repeated: true };
  }

  async #read(id: string): Promise<FoldedAggregate<State>> {
    const { store, decider } = this.#options;
    const folded = foldCommits(decider, await store.readAggregate(this.#ref(id)));
    this.#cache.set(id, folded);
    return folded;
  }

  #ref(id: string): AggregateRef {
    return { aggregate: this.#options.aggregate, id };
  }
}

/** The append found that another was faster. */
class Stale extends Error {
  readonly conflict: unknown;
  constructor(conflict: unknown) {
    super('stale');
    this.conflict = conflict;
  }
}
