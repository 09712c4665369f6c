// Reading things: by id or name, as lists, and their versions' manifests; only what the caller may read.
import { readManifest } from '@baton/archive';
import type { BlobStore } from '@baton/blob-store';
import { fits, Id, type Manifest } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { CallContext } from '@baton/messaging';
import type { Filter, Page } from '@baton/read-store';
import type { ProjectionHandle } from '@baton/service-host';
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
  readonly views: ProjectionHandle<ThingView<V>>;
  readonly blobs: BlobStore;
}

export class ThingQueries<V extends VersionView> {
  readonly #ports: QueryPorts<V>;

  constructor(ports: QueryPorts<V>) {
    this.#ports = ports;
  }

  /** The thing of that id or name, or null; whoever asks. */
  async lookUp(ref: string): Promise<ThingView<V> | null> {
    const { collection } = this.#ports.views;
    if (fits(Id, ref)) return collection.get(ref);
    const { items } = await collection.page({ anyOf: [], filter: { name: ref }, limit: 1 });
    if (items[0]) return items[0];
    const id = await this.#ports.idOfName(ref);
    return id === null ? null : collection.get(id);
  }

  /** The thing of that id or name. Throws `not_found` if there is none that the caller may read. */
  async get(call: CallContext, ref: string): Promise<ThingView<V>> {
    const { kind } = this.#ports;
    const late = await this.#waitFor(ref, call.meta.waitForRevision);
    const thing = await this.lookUp(ref);
    if (thing === null) throw late ?? notFound(kind);
    refuseUnreadable(thing, call.principal, kind);
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
    const page = await this.#ports.views.collection.page({
      anyOf: readableBy(call.principal),
      filter: filterOf(listing),
      limit,
      ...(cursor === undefined ? {} : { cursor }),
      ...(sort === undefined ? {} : { sort: { field: sort.replace(/^-/, ''), descending: sort.startsWith('-') } }),
    });
    return { ...page, items: page.items.map((item) => ({ ...item, versions: item.versions.slice(-1) })) };
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
