// Reading things: by id or name, as lists, and their versions' manifests; only what the caller may read.
import { readManifest } from '@baton/archive';
import type { BlobStore } from '@baton/blob-store';
import { couldAndCanRead, fits, Id, type Manifest } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { CallContext } from '@baton/messaging';
import type { Filter, Page } from '@baton/read-store';
import type { ProjectedModel } from '@baton/service-host';
import type { ThingKind } from './commands.ts';
import { readableBy } from './read-filter.ts';
import { notFound, refuseUnreadable } from './rules/access.ts';
import type { ThingView, VersionView } from './view.ts';

/** A reply has to fit into one message of 4 MB; larger manifests are read from the blob store. */
const MAX_MANIFEST_BYTES = 3_500_000;
const DEFAULT_LIMIT = 100;

export interface Listing {
  readonly limit?: number;
  readonly cursor?: string;
  readonly sort?: string;
  readonly name?: string;
  readonly tag?: string;
  readonly owner?: string;
}

export interface QueryPorts<V extends VersionView> {
  readonly kind: ThingKind;
  /** The id of the thing of that name by the log, which is ahead of the read model and knows no case; null if there is none. */
  readonly idOfName: (name: string) => Promise<string | null>;
  readonly views: ProjectedModel<ThingView<V>>;
  readonly blobs: BlobStore;
}

export class ThingQueries<V extends VersionView> {
  readonly #ports: QueryPorts<V>;

  constructor(ports: QueryPorts<V>) {
    this.#ports = ports;
  }

  /** The thing of that id or name, or null; whoever asks. */
  async lookUp(ref: string, at?: string): Promise<ThingView<V> | null> {
    const collection = await this.#ports.views.at(at);
    if (fits(Id, ref)) return collection.get(ref);
    const { items } = await collection.page({ anyOf: [], filter: { name: ref }, limit: 1 });
    if (items[0] || at !== undefined) return items[0] ?? null;
    const id = await this.#ports.idOfName(ref);
    return id === null ? null : collection.get(id);
  }

  /** The thing of that id or name. Throws `not_found` if there is none that the caller may read. */
  async get(call: CallContext, ref: string): Promise<ThingView<V>> {
    const { kind } = this.#ports;
    const { at, waitForRevision } = call.meta;
    const late = await this.#waitFor(ref, waitForRevision);
    const thing = await this.lookUp(ref, at);
    if (thing === null) throw late ?? notFound(kind);
    refuseUnreadable(thing, call.principal, kind);
    if (at !== undefined && (await this.#stillReadable(call, [thing])).length === 0) throw notFound(kind);
    if (late !== null) throw late;
    return thing;
  }

  /** What it ran into, told only to who may read the thing. */
  async #waitFor(ref: string, revision: number | undefined): Promise<Error | null> {
    if (revision === undefined) return null;
    const id = fits(Id, ref) ? ref : await this.#ports.idOfName(ref);
    if (id === null) return null;
    return this.#ports.views.waitForRevision(id, revision).then(
      () => null,
      (error: Error) => error,
    );
  }

  /** A page of what the caller may read. To stay small it shows each thing's latest version only. */
  async list(call: CallContext, listing: Listing): Promise<Page<ThingView<V>>> {
    const { limit = DEFAULT_LIMIT, cursor, sort } = listing;
    const { at } = call.meta;
    const page = await (
      await this.#ports.views.at(at)
    ).page({
      anyOf: readableBy(call.principal),
      filter: filterOf(listing),
      limit,
      ...(cursor === undefined ? {} : { cursor }),
      ...(sort === undefined ? {} : { sort: { field: sort.replace(/^-/, ''), descending: sort.startsWith('-') } }),
    });
    const items = at === undefined ? page.items : await this.#stillReadable(call, page.items);
    return { ...page, items: items.map((item) => ({ ...item, versions: item.versions.slice(-1) })) };
  }

  /** What has become of them is asked, too: a page of the past may be shorter than asked for. */
  async #stillReadable({ principal }: CallContext, then: readonly ThingView<V>[]): Promise<ThingView<V>[]> {
    const known = await this.#ports.views.collection.getMany(then.map(({ id }) => id));
    const today = new Map(known.map((thing) => [thing.id, thing]));
    return then.filter((thing) => couldAndCanRead(principal, thing, today.get(thing.id)));
  }

  /** One version of a thing, with the thing. Throws `not_found`. */
  async version(
    call: CallContext,
    ref: string,
    version: number | 'latest',
  ): Promise<{ thing: ThingView<V>; version: V }> {
    const thing = await this.get(call, ref);
    const wanted = version === 'latest' ? thing.latestVersion : version;
    const found = thing.versions.find((candidate) => candidate.version === wanted);
    if (found) return { thing, version: found };
    const known = thing.latestVersion === 0 ? 'it has none yet' : `its versions are 1 to ${thing.latestVersion}`;
    throw new PlatformError(
      'not_found',
      `The ${this.#ports.kind} "${thing.name}" has no version ${version}: ${known}.`,
    );
  }

  async manifest(call: CallContext, ref: string, wanted: number | 'latest'): Promise<Manifest> {
    const { version } = await this.version(call, ref, wanted);
    const { digest } = version.manifest;
    const stored = await this.#ports.blobs.stat(digest);
    if (stored && stored.sizeBytes > MAX_MANIFEST_BYTES) {
      throw new PlatformError(
        'payload_too_large',
        `The manifest has ${stored.sizeBytes} bytes: read it from the blob store as ${digest}.`,
      );
    }
    return readManifest(this.#ports.blobs, digest);
  }
}

function filterOf({ name, tag, owner }: Listing): Filter {
  return {
    ...(name === undefined ? {} : { name }),
    ...(tag === undefined ? {} : { tags: tag }),
    ...(owner === undefined ? {} : { ownerId: owner }),
  };
}
