// Reading endpoints: what the log says of them joined with how this process serves them.
import { canRead, couldAndCanRead, type EndpointView, fits, Id, type Principal } from '@baton/contracts';
import { readableBy } from '@baton/catalogue/read-filter';
import type { CallContext } from '@baton/messaging';
import type { Page } from '@baton/read-store';
import type { ProjectedModel } from '@baton/service-host/without-nest';
import { endpointNotFound } from '../domain/endpoint.commands.ts';
import type { EndpointDocument } from '../projections/endpoints.ts';
import type { EndpointRegistry } from './registry.ts';

export interface EndpointQueryPorts {
  readonly views: ProjectedModel<EndpointDocument>;
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
    if (call.meta.at !== undefined) return this.#past(call, ref, call.meta.at);
    const id = await this.idOf(ref);
    if (id !== null && call.meta.waitForRevision !== undefined)
      await views.waitForRevision(id, call.meta.waitForRevision);
    const document = id === null ? null : await views.collection.get(id);
    if (!document || !canRead(call.principal, document)) throw endpointNotFound();
    return this.#view(document);
  }

  async #past({ principal }: CallContext, ref: string, at: string): Promise<EndpointView> {
    const then = await this.#ports.views.at(at);
    const named = () => then.page({ anyOf: [], filter: { name: ref }, limit: 1 });
    const found = fits(Id, ref) ? await then.get(ref) : (await named()).items[0];
    const [document] = await this.#stillReadable(principal, found ? [found] : []);
    if (!document) throw endpointNotFound();
    return this.#pastView(document);
  }

  async #stillReadable(principal: Principal, then: readonly EndpointDocument[]): Promise<EndpointDocument[]> {
    const known = await this.#ports.views.collection.getMany(then.map(({ id }) => id));
    const today = new Map(known.map((document) => [document.id, document]));
    return then.filter((document) => couldAndCanRead(principal, document, today.get(document.id)));
  }

  /** How it was served is in no log. */
  #pastView(document: EndpointDocument): EndpointView {
    return { ...document, state: 'ready', message: '', url: this.#urlOf(document) };
  }

  async list(
    { principal, meta: { at } }: CallContext,
    { limit = DEFAULT_LIMIT, cursor, sort }: Listing,
  ): Promise<Page<EndpointView>> {
    const page = await (
      await this.#ports.views.at(at)
    ).page({
      anyOf: readableBy(principal),
      limit,
      ...(cursor === undefined ? {} : { cursor }),
      ...(sort === undefined ? {} : { sort: { field: sort.replace(/^-/, ''), descending: sort.startsWith('-') } }),
    });
    const { items, nextCursor } = page;
    if (at === undefined) return { items: items.map((document) => this.#view(document)), nextCursor };
    const readable = await this.#stillReadable(principal, items);
    return { items: readable.map((document) => this.#pastView(document)), nextCursor };
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
    const served = this.#ports.registry.byId(document.id);
    const url = this.#urlOf(document);
    return { ...document, state: served?.state ?? 'loading', message: served?.fault ?? '', url };
  }

  #urlOf({ name }: EndpointDocument): string {
    return `${this.#ports.url}/v2/models/${name}/infer`;
  }
}
