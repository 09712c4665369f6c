// Binds the commands and queries of one kind of thing to a service's platform.
import { randomUUID } from 'node:crypto';
import type { BlobStore } from '@baton/blob-store';
import type { Principal } from '@baton/contracts';
import type { Decider } from '@baton/decider';
import { commandContext, commandHandler, deriveId, nameRegistry, newId, type StoredEvent } from '@baton/event-store';
import type { Platform, ProjectedModel } from '@baton/service-host';
import { type Command, type CommandPorts, ThingCommands, type ThingKind } from './commands.ts';
import { groupFinder } from './groups.ts';
import { ThingQueries } from './queries.ts';
import type { LatestVersion, Thing } from './rules/index.ts';
import type { ThingView, VersionView } from './view.ts';

export interface ThingsOptions<C, L extends LatestVersion, E, V extends VersionView> {
  readonly platform: Pick<Platform, 'bus' | 'events' | 'now' | 'secret'>;
  readonly kind: ThingKind;
  readonly decider: Decider<C, Thing<L>, E>;
  readonly views: ProjectedModel<ThingView<V>>;
  readonly blobs: BlobStore;
}

export interface Things<
  C extends { readonly principal: Principal },
  L extends LatestVersion,
  E extends StoredEvent,
  V extends VersionView,
> {
  readonly commands: ThingCommands<C, L, E>;
  readonly queries: ThingQueries<V>;
}

export function openThings<
  C extends { readonly principal: Principal },
  L extends LatestVersion,
  E extends StoredEvent,
  V extends VersionView,
>(options: ThingsOptions<C, L, E, V>): Things<C, L, E, V> {
  const { platform, kind, decider, views, blobs } = options;
  const log = { store: platform.events, now: platform.now, newId: randomUUID };
  const handler = commandHandler({ ...log, decider, aggregate: kind });
  const exists = async (id: string) => (await handler.load(id)).state.status === 'present';
  const names = nameRegistry({ ...log, secret: platform.secret, holderExists: exists });
  const idOfName = async (name: string) => {
    const holderId = await names.holderOf(kind, name);
    return holderId !== null && (await exists(holderId)) ? holderId : null;
  };
  const ports: CommandPorts<C, L, E> = {
    kind,
    decider,
    handler,
    names,
    views,
    idOfName,
    findGroup: groupFinder(platform.bus),
    ...identities(kind, platform.secret),
  };
  return { commands: new ThingCommands(ports), queries: new ThingQueries({ kind, views, blobs, idOfName }) };
}

function identities(kind: ThingKind, secret: string): Pick<CommandPorts<never, never, never>, 'contextOf' | 'newId'> {
  return {
    contextOf: ({ principal, meta, subject, body }) => commandContext({ principal, meta, subject, body, secret }),
    newId: ({ principal, meta }: Command) =>
      meta.idempotencyKey === undefined ? newId(kind) : deriveId(kind, secret, principal.userId, meta.idempotencyKey),
  };
}
