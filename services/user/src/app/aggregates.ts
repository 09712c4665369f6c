// The service's aggregates as use cases see them: load one, run a command on one.
import type { Principal, RequestMeta } from '@baton/contracts';
import type { GroupCommand } from '../domain/group.commands.ts';
import type { GroupState } from '../domain/group.ts';
import type { InviteCommand } from '../domain/invite.commands.ts';
import type { InviteState } from '../domain/invite.ts';
import type { SecretCommand } from '../domain/secret.commands.ts';
import type { SecretState } from '../domain/secret.ts';
import type { TokenCommand } from '../domain/token.commands.ts';
import type { TokenState } from '../domain/token.ts';
import type { UserCommand } from '../domain/user.commands.ts';
import type { UserState } from '../domain/user.ts';
import type { Versioned } from './mirror.ts';

/** On whose behalf something is written, and the request that a repeat is recognised by. */
export interface Write {
  readonly principal: Principal;
  readonly meta: RequestMeta;
  /** The operation. */
  readonly subject: string;
  /** Its digest stands in the log: passwords and secrets' values are fingerprints in it. */
  readonly body: unknown;
}

/** What a command answers. */
export interface Changed {
  readonly id: string;
  readonly revision: number;
}

export interface Aggregate<Command, State> {
  /** Revision 0: there is none. */
  load(id: string): Promise<Versioned<State>>;
  execute(id: string, command: Command, write: Write): Promise<Versioned<State>>;
}

export interface Aggregates {
  readonly users: Aggregate<UserCommand, UserState>;
  readonly invites: Aggregate<InviteCommand, InviteState>;
  readonly groups: Aggregate<GroupCommand, GroupState>;
  readonly tokens: Aggregate<TokenCommand, TokenState>;
  readonly secrets: Aggregate<SecretCommand, SecretState>;
}

export interface Ids {
  /** For a new thing: the same again when the same caller repeats the same idempotency key. */
  create(kind: 'invite' | 'group' | 'token', write: Write): string;
  /** For a thing that its parts name. */
  derive(kind: 'token' | 'secret', ...parts: readonly string[]): string;
}

export type ReservedKind = 'email' | 'group' | 'first-admin';

/** Unique names, each a small aggregate of its own. */
export interface Names {
  /** Null if the name is free. */
  holder(kind: ReservedKind, name: string): Promise<string | null>;
  /** Takes the name unless somebody has it; answers who has it then. */
  reserve(kind: ReservedKind, name: string, holderId: string, write: Write): Promise<string>;
  release(kind: ReservedKind, name: string, holderId: string, write: Write): Promise<void>;
}
