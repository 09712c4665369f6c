// Unique names: reserved in the log before the thing that bears them is made, released after it is gone.
import type { NameKind } from '@baton/contracts';
import { hasCode } from '@baton/errors';
import type { CommandContext } from './command-context.ts';
import { commandHandler } from './command-handler.ts';
import { deriveId } from './ids.ts';
import { type NameCommand, nameDecider } from './name.ts';
import type { EventStore } from './port.ts';

export interface NameRegistryOptions {
  readonly store: EventStore;
  /** The installation's secret: an e-mail address can't be guessed from the id of its reservation. It must never change. */
  readonly secret: string;
  readonly now: () => number;
  readonly newId: () => string;
  /** Whether the thing was made. If it never was, its reservation may be taken over after a while. */
  readonly holderExists?: (holderId: string) => Promise<boolean>;
  /** How long a reservation waits for its holder to be made; one minute if absent. */
  readonly staleAfterMs?: number;
}

export interface NameRequest {
  readonly kind: NameKind;
  readonly name: string;
  readonly holderId: string;
  readonly context: CommandContext;
}

export interface NameRegistry {
  /** Gives the name to the holder; nothing happens if it has it. Throws `name_taken` if another has it. */
  reserve(request: NameRequest): Promise<void>;
  /** Frees the name if this holder has it. */
  release(request: NameRequest): Promise<void>;
  /** Names are compared without regard to case. */
  holderOf(kind: NameKind, name: string): Promise<string | null>;
}

const STALE_AFTER_MS = 60_000;

export function nameRegistry(options: NameRegistryOptions): NameRegistry {
  const { store, secret, now, newId, holderExists, staleAfterMs = STALE_AFTER_MS } = options;
  const handler = commandHandler({ store, decider: nameDecider, aggregate: 'name', now, newId });

  const staleHolder = async (id: string): Promise<string | null> => {
    const reservedAt = (await store.readAggregate({ aggregate: 'name', id })).at(-1)?.at ?? now();
    const { holderId } = (await handler.load(id)).state;
    if (holderId === null || holderExists === undefined || now() - reservedAt < staleAfterMs) return null;
    return (await holderExists(holderId)) ? null : holderId;
  };
  const execute = (id: string, command: NameCommand, context: CommandContext) =>
    handler.execute(id, command, asOwnCommand(context, newId()));

  return {
    async reserve({ kind, name, holderId, context }) {
      const id = nameId(kind, name, secret);
      try {
        await execute(id, { type: 'ReserveName', kind, holderId }, context);
      } catch (error) {
        const replaces = hasCode(error, 'name_taken') ? await staleHolder(id) : null;
        if (replaces === null) throw error;
        await execute(id, { type: 'ReserveName', kind, holderId, replaces }, context);
      }
    },
    async release({ kind, name, holderId, context }) {
      await execute(nameId(kind, name, secret), { type: 'ReleaseName', holderId }, context);
    },
    async holderOf(kind, name) {
      return (await handler.load(nameId(kind, name, secret))).state.holderId;
    },
  };
}

/** Only what is personal needs the secret. */
function nameId(kind: NameKind, name: string, secret: string): string {
  return deriveId('name', kind === 'email' ? secret : '', kind, name.normalize('NFC').toLowerCase());
}

/**
 * A reservation is no repeat of an earlier one of the same request: the name may have been released in between. It is idempotent
 * by its holder instead. The revision that the caller expects is the holder's, not the name's.
 */
function asOwnCommand({ ifRevision: _ifRevision, ...context }: CommandContext, commandId: string): CommandContext {
  return { ...context, commandId, causationId: context.commandId };
}
