// The use cases of endpoints: create, retarget, delete.
import type { GroupFinder } from '@baton/catalogue/groups';
import { describe } from '@baton/catalogue/rules';
import type { EndpointEvent, Principal, Visibility } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { commandContext, type CommandHandler, deriveId, type NameRegistry, newId } from '@baton/event-store';
import type { Call } from '@baton/messaging';
import { type EndpointCommand, endpointNotFound, requireChangeable } from '../domain/endpoint.commands.ts';
import { type EndpointDetails, type EndpointState, isSameTarget, type Target } from '../domain/endpoint.ts';
import type { EndpointQueries } from './endpoint-queries.ts';
import { type ModelLoader, targetOf } from './model-loader.ts';
import type { ModelCatalogue } from './ports.ts';
import type { EndpointRegistry } from './registry.ts';

export interface EndpointPorts {
  readonly handler: CommandHandler<EndpointCommand, EndpointState, EndpointEvent>;
  readonly names: NameRegistry;
  readonly queries: EndpointQueries;
  readonly registry: EndpointRegistry;
  readonly loader: ModelLoader;
  readonly catalogue: ModelCatalogue;
  readonly findGroup: GroupFinder;
  readonly secret: string;
}

export interface EndpointWanted {
  readonly name: string;
  readonly model: string;
  readonly version?: number | 'latest';
  readonly visibility?: Visibility;
  readonly group?: string;
}
export interface RetargetWanted {
  readonly id: string;
  readonly model?: string;
  readonly version: number | 'latest';
}
export interface HandOverWanted {
  readonly id: string;
  readonly ownerId: string;
}
interface Changed {
  readonly id: string;
  readonly revision: number;
}
type Untargeted = Omit<EndpointDetails, 'target'>;
type Command = Pick<Call<never>, 'principal' | 'meta' | 'subject'> & { readonly body: unknown };

export class Endpoints {
  readonly #ports: EndpointPorts;

  constructor(ports: EndpointPorts) {
    this.#ports = ports;
  }

  /** The name first, with the new id as its holder: a crash before the endpoint is made leaves a name that anybody may take over. */
  async create(call: Command, wanted: EndpointWanted): Promise<Changed> {
    const { handler, names, secret } = this.#ports;
    const key = call.meta.idempotencyKey;
    const id = key === undefined ? newId('endpoint') : deriveId('endpoint', secret, call.principal.userId, key);
    const context = this.#contextOf(call);
    const { state } = await handler.load(id);
    // The repeat of a command that was carried out: the handler gives the first one's answer.
    if (state.status !== 'absent') return this.#execute(id, createCommand(state, state.target), call);
    const details = await this.#detailsOf(call, wanted);
    const { name } = details;
    await this.#refuseTakenName(name, id);
    const target = await this.#targetOf(call.principal, wanted.model, wanted.version ?? 'latest');
    return this.#withModel(target, async () => {
      await names.reserve({ kind: 'endpoint', name, holderId: id, context });
      return this.#execute(id, createCommand(details, target), call);
    });
  }

  async update(call: Command, wanted: RetargetWanted): Promise<Changed> {
    const { id, details } = await this.#changeable(call.principal, wanted.id);
    const target = await this.#targetOf(call.principal, wanted.model ?? details.target.modelId, wanted.version);
    const change = () => this.#execute(id, { type: 'RetargetEndpoint', by: call.principal, target }, call);
    return isSameTarget(target, details.target) ? change() : this.#withModel(target, change);
  }

  async handOver(call: Command, { id: ref, ownerId }: HandOverWanted): Promise<Changed> {
    const { id } = await this.#changeable(call.principal, ref);
    return this.#execute(id, { type: 'HandOverEndpoint', by: call.principal, ownerId }, call);
  }

  async delete(call: Command, ref: string): Promise<Changed> {
    const { id, details } = await this.#changeable(call.principal, ref);
    const changed = await this.#execute(id, { type: 'DeleteEndpoint', by: call.principal }, call);
    await this.#ports.names.release({
      kind: 'endpoint',
      name: details.name,
      holderId: id,
      context: this.#contextOf(call),
    });
    return changed;
  }

  async #detailsOf(call: Command, { group, ...wanted }: EndpointWanted): Promise<Untargeted> {
    if (group === undefined) return describe(wanted, call.principal);
    return describe({ ...wanted, groupId: await this.#ports.findGroup(call, group) }, call.principal);
  }

  /** Before a model is loaded for nothing; the reservation itself decides. */
  async #refuseTakenName(name: string, id: string): Promise<void> {
    const holder = await this.#ports.names.holderOf('endpoint', name);
    if (holder === null || holder === id) return;
    const { state } = await this.#ports.handler.load(holder);
    if (state.status === 'active')
      throw new PlatformError('name_taken', `The name "${name}" is taken; choose another one.`);
  }

  async #targetOf(principal: Principal, ref: string, version: number | 'latest'): Promise<Target> {
    const model = await this.#ports.catalogue.resolve(principal, ref, version);
    if (model.kind === 'code') {
      throw new PlatformError(
        'bad_model',
        `Version ${model.version} of "${model.modelName}" holds code and no weights. Choose a version with weights.`,
      );
    }
    return targetOf(model);
  }

  /** Loads the model, lets `change` record it, and waits until it answers. A model that is not used after all is freed. */
  async #withModel(target: Target, change: () => Promise<Changed>): Promise<Changed> {
    const { loader } = this.#ports;
    const model = await loader.prepare(target);
    try {
      return await change();
    } finally {
      await loader.discard(model);
    }
  }

  /** Appends, then waits until it is served so and readable. */
  async #execute(id: string, command: EndpointCommand, call: Command): Promise<Changed> {
    const { handler, queries, registry } = this.#ports;
    const { revision, state } = await handler.execute(id, command, this.#contextOf(call));
    await registry.reached(id, revision);
    await (state.status === 'active' ? queries.showing(id, revision) : queries.gone(id));
    return { id, revision };
  }

  async #changeable(principal: Principal, ref: string): Promise<{ id: string; details: EndpointDetails }> {
    const id = await this.#ports.queries.idOf(ref);
    if (id === null) throw endpointNotFound();
    const { state } = await this.#ports.handler.load(id);
    return { id, details: requireChangeable(state, principal) };
  }

  #contextOf(call: Command) {
    return commandContext({ ...call, secret: this.#ports.secret });
  }
}

function createCommand({ name, ownerId, groupId, visibility }: Untargeted, target: Target): EndpointCommand {
  return { type: 'CreateEndpoint', name, target, ownerId, groupId, visibility };
}
