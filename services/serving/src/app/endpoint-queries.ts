// Reading endpoints: what the log says of them joined with how this process serves them.
import { canRead, type EndpointView, fits, Id, type Principal } from '@baton/contracts';
import { readableBy } from '@baton/catalogue/read-filter';
import type { CallContext } from '@baton/messaging';
import type { Page } from '@baton/read-store';
import type { ProjectionHandle } from '@baton/service-host/without-nest';
import { endpointNotFound } from '../domain/endpoint.commands.ts';
import type { EndpointDocument } from '../projections/endpoints.ts';
import type { EndpointRegistry } from './registry.ts';

export interface EndpointQueryPorts {
  readonly views: ProjectionHandle<EndpointDocument>;
  readonly registry: EndpointRegistry;
  /** Base of the URLs that people are shown, such as `http://127.0.0.1:8081`. */
  readonly url: string;
  readonly wait: (ms: number) => Promise<void>;
}

interface Listing {
  readonly limit?: number;
  readonly cursor?: string;
  readonly sort?: string;
}

const DEFAULT_LIMIT = 100;
const READABLE_WITHIN_MS = 2_000;
const POLL_MS = 5;

export class EndpointQueries {
  readonly #ports: EndpointQueryPorts;

  constructor(ports: EndpointQueryPorts) {
    this.#ports = ports;
  }

  async get(call: CallContext, ref: string): Promise<EndpointView> {
    const { views } = this.#ports;
    const id = await this.idOf(ref);
    if (id !== null && call.meta.waitForRevision !== undefined)
      await views.waitForRevision(id, call.meta.waitForRevision);
    const document = id === null ? null : await views.collection.get(id);
    if (!document || !canRead(call.principal, document)) throw endpointNotFound();
    return this.#view(document);
  }

  async list(principal: Principal, { limit = DEFAULT_LIMIT, cursor, sort }: Listing): Promise<Page<EndpointView>> {
    const page = await this.#ports.views.collection.page({
      anyOf: readableBy(principal),
      limit,
      ...(cursor === undefined ? {} : { cursor }),
      ...(sort === undefined ? {} : { sort: { field: sort.replace(/^-/, ''), descending: sort.startsWith('-') } }),
    });
    return { items: page.items.map((document) => this.#view(document)), nextCursor: page.nextCursor };
  }

  /** Of an id or a name, whoever asks; null if there is none. */
  async idOf(ref: string): Promise<string | null> {
    if (fits(Id, ref)) return ref;
    const served = this.#ports.registry.find(ref);
    if (served) return served.id;
    const { items } = await this.#ports.views.collection.page({ anyOf: [], filter: { name: ref }, limit: 1 });
    return items[0]?.id ?? null;
  }

  /** Waits until reads show the revision. Late reading is no failure: the change is in the log. */
  async showing(id: string, revision: number): Promise<void> {
    await this.#ports.views.waitForRevision(id, revision, READABLE_WITHIN_MS).catch(() => {});
  }

  /** Waits until reads no longer show it. */
  async gone(id: string): Promise<void> {
    const { views, wait } = this.#ports;
    for (let waited = 0; waited < READABLE_WITHIN_MS && (await views.collection.get(id)) !== null; waited += POLL_MS)
      await wait(POLL_MS);
  }

  #view(document: EndpointDocument): EndpointView {
    const { name } = document;
    const served = this.#ports.registry.byId(document.id);
    const url = `${this.#ports.url}/v2/models/${name}/infer`;
    return { ...document, state: served?.state ?? 'loading', message: served?.fault ?? '', url };
  }
}
