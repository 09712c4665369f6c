// Lists and single reads of jobs and nodes, by the rule of who may see what.
import { canRead, isFinal, type JobView, type NodeView } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { Collection, Filter, Page, PageRequest } from '@baton/read-store';
import type { JobDocument } from '../projections/job-document.ts';
import type { NodeDocument } from '../projections/node-document.ts';
import type { Forecasts } from './forecasts.ts';
import { noSuchJob } from './job-commits.ts';
import type { Jobs } from './jobs.ts';
import type { Leadership } from './leadership.ts';
import { nodeView } from './node-view.ts';
import type { Nodes } from './nodes.ts';
import type { Caller } from './ports.ts';

interface Readable<D extends JobDocument | NodeDocument> {
  readonly collection: Collection<D>;
  waitForRevision(id: string, revision: number): Promise<void>;
}

export interface QueryPorts {
  readonly jobs: Readable<JobDocument>;
  readonly nodes: Readable<NodeDocument>;
  readonly jobViews: Jobs;
  readonly known: Nodes;
  readonly leadership: Leadership;
  readonly forecasts: Forecasts;
}

export interface JobListing {
  readonly limit?: number;
  readonly cursor?: string;
  readonly sort?: string;
  readonly state?: string;
  readonly active?: boolean;
  readonly owner?: string;
  readonly name?: string;
  readonly node?: string;
  readonly array?: string;
}

const NODE_ID = /^nod_[a-z0-9]{26}$/;

export class Queries {
  readonly #ports: QueryPorts;

  constructor(ports: QueryPorts) {
    this.#ports = ports;
  }

  async job({ principal, meta }: Caller, id: string): Promise<JobView> {
    const { jobs, jobViews } = this.#ports;
    const wanted = Math.max(meta.waitForRevision ?? 0, this.#acceptedRevision(id));
    if (wanted > 0) await jobs.waitForRevision(id, wanted);
    const document = await jobs.collection.get(id);
    if (!document || !canRead(principal, document)) throw noSuchJob(id);
    const view = jobViews.view(document);
    const expected = isFinal(view.state) ? undefined : this.#ports.forecasts.known(id);
    return expected === undefined ? view : { ...view, expected };
  }

  /** What has been answered to a command is there for the read that follows, though read models lag by a moment. */
  #acceptedRevision(id: string): number {
    return this.#ports.leadership.current()?.ledger.revisionOf(id) ?? 0;
  }

  async jobs({ principal }: Caller, listing: JobListing): Promise<Page<JobView>> {
    const page = await this.#ports.jobs.collection.page(
      pageRequest(listing, readable(principal), this.#filter(listing)),
    );
    return { items: page.items.map((document) => this.#ports.jobViews.view(document)), nextCursor: page.nextCursor };
  }

  #filter({ state, active, owner, name, node, array }: JobListing): Filter {
    return {
      ...(state === undefined ? {} : { state }),
      ...(active === undefined ? {} : { active }),
      ...(owner === undefined ? {} : { ownerId: owner }),
      ...(name === undefined ? {} : { name }),
      ...(array === undefined ? {} : { arrayId: array }),
      ...(node === undefined ? {} : this.#onNode(node)),
    };
  }

  /** By its name, or by the id also of one that is there no more. */
  #onNode(ref: string): Filter {
    const id = this.#ports.known.find(ref)?.id ?? ref;
    return NODE_ID.test(id) ? { [`onNodes.${id}`]: true } : { nodeId: id };
  }

  async node({ meta }: Caller, ref: string): Promise<NodeView> {
    const { id } = this.#ports.known.one(ref);
    if (meta.waitForRevision !== undefined) await this.#ports.nodes.waitForRevision(id, meta.waitForRevision);
    const document = await this.#ports.nodes.collection.get(id);
    if (!document) throw new PlatformError('not_found', `There is no node ${ref}.`);
    return this.#nodeView(document);
  }

  async nodes(_caller: Caller, listing: Pick<JobListing, 'limit' | 'cursor' | 'sort'>): Promise<Page<NodeView>> {
    const page = await this.#ports.nodes.collection.page(pageRequest(listing, [], {}));
    return { items: page.items.map((document) => this.#nodeView(document)), nextCursor: page.nextCursor };
  }

  #nodeView(document: NodeDocument): NodeView {
    const { known } = this.#ports;
    const ledger = this.#ports.leadership.current()?.ledger;
    return nodeView(document, {
      heard: known.heard(document.id),
      lastSeenAt: known.lastSeenAt(document.id),
      held: ledger?.engine.cluster.held(document.id) ?? new Map(),
      sharers: ledger?.engine.cluster.sharers(document.id) ?? new Map(),
      attempts: ledger?.placedOn(document.id).length ?? 0,
    });
  }
}

/** The rule of `canRead`, as filters for a list. */
function readable({ kind, role, userId, groups }: Caller['principal']): Filter[] {
  if (kind === 'system' || role === 'admin') return [];
  return [{ ownerId: userId }, { visibility: 'everyone' }, { visibility: 'group', groupId: { in: groups } }];
}

function pageRequest(
  listing: Pick<JobListing, 'limit' | 'cursor' | 'sort'>,
  anyOf: readonly Filter[],
  filter: Filter,
): PageRequest {
  const { sort, cursor } = listing;
  return {
    anyOf,
    filter,
    limit: listing.limit ?? 100,
    ...(cursor === undefined ? {} : { cursor }),
    ...(sort === undefined ? {} : { sort: { field: sort.replace(/^-/, ''), descending: sort.startsWith('-') } }),
  };
}
