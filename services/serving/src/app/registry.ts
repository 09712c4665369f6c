// The endpoints that this process serves: what the log says, loaded, found by name.
import type { EndpointState } from '../domain/endpoint.ts';
import { ServedEndpoint, type ServedEndpointContext } from './served-endpoint.ts';
import type { ServedModel } from './served-model.ts';

export type RegistryContext = Omit<ServedEndpointContext, 'retire'>;

export class EndpointRegistry {
  readonly #byId = new Map<string, ServedEndpoint>();
  readonly #byName = new Map<string, ServedEndpoint>();
  readonly #revisions = new Map<string, number>();
  readonly #context: ServedEndpointContext;
  readonly #retiring = new Set<Promise<void>>();
  #waiters: { id: string; revision: number; resolve: () => void }[] = [];
  #isClosed = false;

  constructor(context: RegistryContext) {
    this.#context = { ...context, retire: (model) => this.#retire(model) };
  }

  find(name: string): ServedEndpoint | undefined {
    return this.#byName.get(name);
  }

  byId(id: string): ServedEndpoint | undefined {
    return this.#byId.get(id);
  }

  all(): ServedEndpoint[] {
    return [...this.#byId.values()];
  }

  /** Takes the endpoint's state after a commit; resolves when it is served so, or has failed. */
  async observe(id: string, state: EndpointState, revision: number): Promise<void> {
    if (this.#isClosed) return;
    await this.#follow(id, state);
    this.#revisions.set(id, Math.max(revision, this.#revisions.get(id) ?? 0));
    this.#waiters = this.#waiters.filter((waiter) => {
      const isReached = waiter.id === id && waiter.revision <= revision;
      if (isReached) waiter.resolve();
      return !isReached;
    });
  }

  /** Resolves when the revision has been taken and settled. */
  reached(id: string, revision: number): Promise<void> {
    if ((this.#revisions.get(id) ?? 0) >= revision) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ id, revision, resolve }));
  }

  /** Serves nothing more; resolves when every request that was taken has its answer and every model is freed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const endpoints = this.all();
    this.#byName.clear();
    for (const waiter of this.#waiters.splice(0)) waiter.resolve();
    await Promise.all(endpoints.map((endpoint) => endpoint.remove()));
    await Promise.all(this.#retiring);
  }

  async #follow(id: string, state: EndpointState): Promise<void> {
    const known = this.#byId.get(id);
    if (state.status !== 'active') {
      this.#byId.delete(id);
      if (known && this.#byName.get(known.details.name) === known) this.#byName.delete(known.details.name);
      await known?.remove();
    } else if (known) await known.change(state);
    else {
      const endpoint = new ServedEndpoint(id, state, this.#context);
      this.#byId.set(id, endpoint);
      this.#byName.set(state.name, endpoint);
      await endpoint.settle();
    }
  }

  #retire(model: ServedModel): Promise<void> {
    const retiring = model
      .retire()
      .catch((error: unknown) => this.#context.report(error, 'retire'))
      .finally(() => this.#retiring.delete(retiring));
    this.#retiring.add(retiring);
    return retiring;
  }
}
