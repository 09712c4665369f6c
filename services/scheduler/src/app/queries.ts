// Lists and single reads of jobs and nodes, by the rule of who may see what.
import { canRead, couldAndCanRead, isFinal, type JobView, type NodeView } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { Collection, Filter, Page, PageRequest } from '@baton/read-store';
import type { JobDocument } from '../projections/job-document.ts';
import type { NodeDocument } from '../projections/node-document.ts';
import type { Forecasts } from './forecasts.ts';
import { noSuchJob } from './job-commits.ts';
import type { Jobs } from './jobs.ts';
import type { Leadership } from './leadership.ts';
import { readableIn } from './readable-in.ts';
import { nodeView, pastNodeView } from './node-view.ts';
import type { Nodes } from './nodes.ts';
import type { Caller } from './ports.ts';
import type { Sweeper } from './retention/sweeper.ts';

type Reading<D extends JobDocument | NodeDocument> = Pick<Collection<D>, 'get' | 'getMany' | 'page'>;

interface Readable<D extends JobDocument | NodeDocument> {
  readonly collection: Collection<D>;
  /** As it is, or as it was. */
  at(at: string | undefined): Promise<Reading<D>>;
  waitForRevision(id: string, revision: number): Promise<void>;
}

export interface QueryPorts {
  readonly jobs: Readable<JobDocument>;
  readonly nodes: Readable<NodeDocument>;
  readonly jobViews: Jobs;
  readonly known: Nodes;
  readonly leadership: Leadership;
  readonly forecasts: Forecasts;
  readonly sweeper: Pick<Sweeper, 'removed'>;
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
    if (meta.at !== undefined) return this.#pastJob(principal, id, meta.at);
    const wanted = Math.max(meta.waitForRevision ?? 0, this.#acceptedRevision(id));
    if (wanted > 0) await jobs.waitForRevision(id, wanted);
    const document = await jobs.collection.get(id);
    if (!document || !canRead(principal, document)) throw noSuchJob(id);
    const view = jobViews.view(document, principal);
    if (isFinal(view.state)) return this.#withRemoved(view);
    const expected = this.#ports.forecasts.known(id);
    return expected === undefined ? view : { ...view, expected };
  }

  async #withRemoved(view: JobView): Promise<JobView> {
    const removed = await this.#ports.sweeper.removed(view.id);
    return removed === undefined ? view : { ...view, removed };
  }

  /** What has been answered to a command is there for the read that follows, though read models lag by a moment. */
  #acceptedRevision(id: string): number {
    return this.#ports.leadership.current()?.ledger.revisionOf(id) ?? 0;
  }

  async #pastJob(principal: Caller['principal'], id: string, at: string): Promise<JobView> {
    const document = await (await this.#ports.jobs.at(at)).get(id);
    const [found] = document === null ? [] : await this.#stillReadable(principal, [document]);
    if (!found) throw noSuchJob(id);
    return this.#ports.jobViews.pastView(found);
  }

  /** What has become of them is asked, too: a page of the past may be shorter than asked for. */
  async #stillReadable(principal: Caller['principal'], then: readonly JobDocument[]): Promise<JobDocument[]> {
    const known = await this.#ports.jobs.collection.getMany(then.map(({ id }) => id));
    const today = new Map(known.map((document) => [document.id, document]));
    return then.filter((document) => couldAndCanRead(principal, document, today.get(document.id)));
  }

  async jobs({ principal, meta: { at } }: Caller, listing: JobListing): Promise<Page<JobView>> {
    const { jobs, jobViews } = this.#ports;
    const page = await (await jobs.at(at)).page(pageRequest(listing, readable(principal), this.#filter(listing)));
    const { nextCursor } = page;
    if (at === undefined)
      return { items: page.items.map((document) => jobViews.view(document, principal)), nextCursor };
    const then = await this.#stillReadable(principal, page.items);
    return { items: then.map((document) => jobViews.pastView(document)), nextCursor };
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

  async node({ principal, meta }: Caller, ref: string): Promise<NodeView> {
    if (meta.at !== undefined) return this.#pastNode(ref, meta.at);
    const { id } = this.#ports.known.one(ref);
    if (meta.waitForRevision !== undefined) await this.#ports.nodes.waitForRevision(id, meta.waitForRevision);
    const document = await this.#ports.nodes.collection.get(id);
    if (!document) throw new PlatformError('not_found', `There is no node ${ref}.`);
    return this.#nodeView(document, principal);
  }

  async #pastNode(ref: string, at: string): Promise<NodeView> {
    const then = await this.#ports.nodes.at(at);
    const named = () => then.page({ anyOf: [], filter: { name: ref }, limit: 1 });
    const document = NODE_ID.test(ref) ? await then.get(ref) : (await named()).items[0];
    if (!document) throw new PlatformError('not_found', `There was no node ${ref} then.`);
    return pastNodeView(document);
  }

  async nodes(
    { principal, meta: { at } }: Caller,
    listing: Pick<JobListing, 'limit' | 'cursor' | 'sort'>,
  ): Promise<Page<NodeView>> {
    const page = await (await this.#ports.nodes.at(at)).page(pageRequest(listing, [], {}));
    if (at !== undefined) return { items: page.items.map(pastNodeView), nextCursor: page.nextCursor };
    return { items: page.items.map((document) => this.#nodeView(document, principal)), nextCursor: page.nextCursor };
  }

  #nodeView(document: NodeDocument, principal: Caller['principal']): NodeView {
    const { known } = this.#ports;
    const ledger = this.#ports.leadership.current()?.ledger;
    return nodeView(document, {
      heard: known.heard(document.id),
      lastSeenAt: known.lastSeenAt(document.id),
      held: ledger?.engine.cluster.held(document.id) ?? new Map(),
      sharers: ledger?.engine.cluster.sharers(document.id) ?? new Map(),
      attempts: ledger?.placedOn(document.id).length ?? 0,
      mayRead: ledger ? readableIn(ledger, principal) : () => false,
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
