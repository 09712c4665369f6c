// Questions to a read model: one thing by id, a page of those that a caller may see.
import type { RequestMeta } from '@baton/contracts';
import type { EventStore } from '@baton/event-store';
import type { Filter, Page, PageRequest } from '@baton/read-store';
import type { ProjectedModel, Projection, Revised } from '@baton/service-host';

export interface PageQuery {
  readonly limit?: number;
  readonly cursor?: string;
  /** A field, descending when it starts with `-`. */
  readonly sort?: string;
}

const LIMIT_DEFAULT = 50;

export class View<D extends Revised> {
  readonly #projection: Projection<D>;
  readonly #handle: ProjectedModel<D>;
  readonly #events: EventStore;

  constructor(projection: Projection<D>, handle: ProjectedModel<D>, events: EventStore) {
    this.#projection = projection;
    this.#handle = handle;
    this.#events = events;
  }

  async get(id: string, meta: RequestMeta): Promise<D | null> {
    if (meta.at !== undefined) return (await this.#handle.at(meta.at)).get(id);
    if (meta.waitForRevision !== undefined) await this.#handle.waitForRevision(id, meta.waitForRevision);
    // What was made a moment ago is in the log before it is in the read model.
    return (await this.#handle.collection.get(id)) ?? this.newest(id);
  }

  /** As the log has it, not the read model, which follows a moment later. */
  async newest(id: string): Promise<D | null> {
    const [aggregate] = this.#projection.aggregates;
    if (aggregate === undefined) return null;
    const commits = await this.#events.readAggregate({ aggregate, id });
    return commits.reduce<D | null>((document, commit) => this.#projection.apply(document, commit), null);
  }

  async page(query: PageQuery, scope: Filter, at?: string): Promise<Page<D>> {
    return (await this.#handle.at(at)).page(pageRequest(query, scope));
  }
}

function pageRequest({ limit = LIMIT_DEFAULT, cursor, sort }: PageQuery, scope: Filter): PageRequest {
  return {
    anyOf: [],
    filter: scope,
    limit,
    ...(cursor === undefined ? {} : { cursor }),
    ...(sort === undefined ? {} : { sort: { field: sort.replace(/^-/, ''), descending: sort.startsWith('-') } }),
  };
}
