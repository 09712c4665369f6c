// Changing things: load, check, decide, append; unique names; and the caller's own view brought up to date.
import { setTimeout as delay } from 'node:timers/promises';
import { fits, Id, type Principal } from '@baton/contracts';
import type { Decider } from '@baton/decider';
import { PlatformError } from '@baton/errors';
import type { CommandContext, CommandHandler, Execution, NameRegistry, StoredEvent } from '@baton/event-store';
import type { CallContext } from '@baton/messaging';
import type { ProjectionHandle, Revised } from '@baton/service-host';
import type { GroupFinder } from './groups.ts';
import { notFound } from './rules/access.ts';
import {
  type ChangeWanted,
  demandWritable,
  type DetailsWanted,
  type LatestVersion,
  refuseUnreadable,
  type Thing,
} from './rules/index.ts';

/** How long a command waits for its own effect to be readable before it answers without. */
const READABLE_WITHIN_MS = 2_000;
const POLL_MS = 5;

/** What people call it as well, and the kind of its name. */
export type ThingKind = 'dataset' | 'model';

export interface CommandPorts<C, L extends LatestVersion, E extends StoredEvent> {
  readonly kind: ThingKind;
  readonly decider: Decider<C, Thing<L>, E>;
  readonly handler: CommandHandler<C, Thing<L>, E>;
  readonly names: Pick<NameRegistry, 'reserve' | 'release'>;
  readonly views: ProjectionHandle<Revised>;
  /** The id of the thing of that name; null if there is none. */
  readonly idOfName: (name: string) => Promise<string | null>;
  readonly findGroup: GroupFinder;
  /** Derived from the caller and the idempotency key where there is one. */
  readonly newId: (call: Command) => string;
  readonly contextOf: (call: Command) => CommandContext;
}

/** What the command handler has to know of a call: who, beside what, and which request it is. */
export interface Command extends CallContext {
  readonly subject: string;
  readonly body: unknown;
}

/** As people ask for it: the group by name or id. */
export type ThingWanted = Omit<DetailsWanted, 'groupId'> & { readonly group?: string };
/** `group` null takes the thing out of its group. */
export type ThingChange = Omit<ChangeWanted, 'groupId'> & { readonly group?: string | null };

export class ThingCommands<
  C extends { readonly principal: Principal },
  L extends LatestVersion,
  E extends StoredEvent,
> {
  readonly #ports: CommandPorts<C, L, E>;

  constructor(ports: CommandPorts<C, L, E>) {
    this.#ports = ports;
  }

  async create(call: Command, wanted: ThingWanted, command: (wanted: DetailsWanted) => C) {
    const id = this.#ports.newId(call);
    const details = await this.#detailsOf(call, id, wanted);
    const { revision } = await this.createAs(id, this.#ports.contextOf(call), wanted.name, command(details));
    return { id, revision };
  }

  /** For the repeat of a command the group is not asked for again: whoever has left it since gets the first one's answer. */
  async #detailsOf(call: Command, id: string, { group, ...details }: ThingWanted): Promise<DetailsWanted> {
    if (group === undefined) return details;
    const { state } = await this.#ports.handler.load(id);
    return state.status === 'absent' ? { ...details, groupId: await this.#ports.findGroup(call, group) } : details;
  }

  /**
   * The name first, with the new id as its holder, then the thing. A crash in between leaves a name whose holder does not
   * exist: the repeat of the command finishes it, and anybody else may take the name over. What is refused reserves nothing.
   */
  async createAs(id: string, context: CommandContext, name: string, command: C): Promise<Execution<Thing<L>, E>> {
    const { decider, handler, kind, names } = this.#ports;
    const { state } = await handler.load(id);
    if (state.status === 'absent') {
      decider.decide(command, state);
      await names.reserve({ kind, name, holderId: id, context });
    }
    return this.runAs(id, context, command);
  }

  async change(call: Command, ref: string, { group, ...wanted }: ThingChange, command: (wanted: ChangeWanted) => C) {
    if (wanted.ownerId !== undefined && call.principal.role !== 'admin')
      throw new PlatformError('forbidden', 'Only admins hand things to somebody else.');
    const id = await (typeof group === 'string' ? this.demandWritable(call, ref) : this.#checkedId(call, ref));
    const groupId = typeof group === 'string' ? await this.#ports.findGroup(call, group) : group;
    const { revision } = await this.run(call, id, command(groupId === undefined ? wanted : { ...wanted, groupId }));
    return { id, revision };
  }

  /** The name is free again afterwards; a crash before that leaves it with a holder that is gone, which anybody may take over. */
  async remove(call: Command, ref: string, command: C) {
    const { handler, kind, names, views } = this.#ports;
    const id = await this.#checkedId(call, ref);
    const context = this.#ports.contextOf(call);
    const before = await handler.load(id);
    const { revision } = await handler.execute(id, command, context);
    if (before.state.status === 'present')
      await names.release({ kind, name: before.state.details.name, holderId: id, context });
    const deadline = performance.now() + READABLE_WITHIN_MS;
    while ((await views.collection.get(id)) !== null && performance.now() < deadline) await delay(POLL_MS);
    return { id, revision };
  }

  /** The id of a thing that the caller may change, before work begins that is worth nothing otherwise. */
  async demandWritable(call: Command, ref: string): Promise<string> {
    const id = await this.#idOf(ref);
    const { state, revision } = await this.#ports.handler.load(id);
    demandWritable(state, call.principal, this.#ports.kind);
    const seen = call.meta.ifRevision;
    if (seen === undefined || seen === revision) return id;
    // Only a repeat of a command that has been carried out may have seen an older one: the log tells.
    if (call.meta.idempotencyKey !== undefined && seen < revision) return id;
    throw new PlatformError('revision_mismatch', `It is at revision ${revision} by now, not ${seen}. Read it again.`);
  }

  run(call: Command, id: string, command: C): Promise<Execution<Thing<L>, E>> {
    return this.runAs(id, this.#ports.contextOf(call), command);
  }

  /** Appends, then waits until a read shows it, so that "latest" right after an upload is that upload. */
  async runAs(id: string, context: CommandContext, command: C): Promise<Execution<Thing<L>, E>> {
    const { handler, views } = this.#ports;
    const ran = await handler.execute(id, command, context);
    // Late reading is no failure: the change is in the log.
    if (ran.state.status === 'present')
      await views.waitForRevision(id, ran.revision, READABLE_WITHIN_MS).catch(() => {});
    return ran;
  }

  /** A revision that differs must not tell strangers that the thing exists: whether they may see it is asked first. */
  async #checkedId(call: Command, ref: string): Promise<string> {
    const id = await this.#idOf(ref);
    if (call.meta.ifRevision === undefined) return id;
    const { state } = await this.#ports.handler.load(id);
    if (state.status === 'present') refuseUnreadable(state.details, call.principal, this.#ports.kind);
    return id;
  }

  async #idOf(ref: string): Promise<string> {
    const id = fits(Id, ref) ? ref : await this.#ports.idOfName(ref);
    if (id === null) throw notFound(this.#ports.kind);
    return id;
  }
}
