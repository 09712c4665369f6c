// The use cases of models that people ask for.
import type {
  Command,
  IngestPort,
  ThingChange,
  ThingCommands,
  ThingQueries,
  ThingWanted,
  UploadWanted,
} from '@baton/catalogue';
import {
  canRead,
  canWrite,
  fits,
  Id,
  type ModelEvent,
  type ModelVersionKind,
  type ModelVersionView,
} from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { CallContext } from '@baton/messaging';
import type { LatestModelVersion } from '../domain/model.ts';
import { type ModelCommand, type ModelContent, versionLike } from '../domain/model.commands.ts';
import { holds, kindOf } from '../domain/version-kind.ts';

export type ModelCommands = ThingCommands<ModelCommand, LatestModelVersion, ModelEvent>;

export interface ModelPorts {
  readonly commands: ModelCommands;
  readonly queries: ThingQueries<ModelVersionView>;
  readonly ingest: IngestPort;
}

export interface ModelVersionWanted {
  readonly id: string;
  readonly uploads: readonly UploadWanted[];
  readonly unpack?: boolean;
  readonly kind?: ModelVersionKind;
  readonly trained?: boolean;
}

export interface ModelWanted {
  readonly ref: string;
  readonly version: number | 'latest';
  readonly needs?: 'code' | 'weights';
}

export class Models {
  readonly queries: ThingQueries<ModelVersionView>;
  readonly #commands: ModelCommands;
  readonly #ingest: IngestPort;

  constructor({ commands, queries, ingest }: ModelPorts) {
    this.queries = queries;
    this.#commands = commands;
    this.#ingest = ingest;
  }

  create(call: Command, asked: ThingWanted) {
    const { principal } = call;
    return this.#commands.create(call, asked, (wanted) => ({ type: 'CreateModel', principal, wanted }));
  }

  update(call: Command, { id, ...asked }: ThingChange & { readonly id: string }) {
    const { principal } = call;
    return this.#commands.change(call, id, asked, (wanted) => ({ type: 'ChangeModel', principal, wanted }));
  }

  delete(call: Command, ref: string) {
    return this.#commands.remove(call, ref, { type: 'DeleteModel', principal: call.principal });
  }

  async addVersion(call: Command, { id: ref, uploads, unpack = true, ...said }: ModelVersionWanted) {
    const id = await this.#commands.demandWritable(call, ref);
    const ingested = await this.#ingest(uploads, { unpack });
    const kind = said.kind ?? kindOf(ingested.files);
    const content: ModelContent = {
      kind,
      trained: said.trained ?? kind !== 'code',
      manifest: ingested.manifest,
      uploads: ingested.uploads,
    };
    const command: ModelCommand = { type: 'AddModelVersion', principal: call.principal, content };
    const { revision, events, state } = await this.#commands.run(call, id, command);
    const added = events.find((event) => event.type === 'ModelVersionAdded');
    if (added) return { id, revision, version: added.data.version, manifest: added.data.manifest };
    const same = state.status === 'present' ? versionLike(content, state) : null;
    if (same === null) throw new PlatformError('internal', 'The version was neither added nor found.');
    return { id, revision, version: same.version, manifest: content.manifest };
  }

  async resolve(call: CallContext, { ref, version: asked, needs }: ModelWanted) {
    const { thing, version } = await this.queries.version(
      call,
      ref,
      asked === 'latest' && needs ? await this.#latest(call, ref, needs) : asked,
    );
    if (needs && !holds(version.kind, needs)) {
      const message = `Version ${version.version} of "${thing.name}" holds no ${needs}. Name a version that does, or latest.`;
      throw new PlatformError('invalid_input', message);
    }
    const { digest, sizeBytes } = version.manifest;
    return {
      modelId: thing.id,
      modelName: thing.name,
      version: version.version,
      kind: version.kind,
      digest,
      sizeBytes,
    };
  }

  /** The latest version that holds what is needed. */
  async #latest(call: CallContext, ref: string, needs: 'code' | 'weights'): Promise<number> {
    const { name, versions } = await this.queries.get(call, ref);
    const found = versions.findLast(({ kind }) => holds(kind, needs));
    if (found) return found.version;
    throw new PlatformError('not_found', `The model "${name}" has no version that holds ${needs} yet.`);
  }

  /** A free name, or one whose model the caller may change. What reads as an id can't be a name. */
  async mayRegister({ principal }: CallContext, name: string) {
    if (fits(Id, name)) return { allowed: false };
    const model = await this.queries.lookUp(name);
    return { allowed: model === null || (canRead(principal, model) && canWrite(principal, model)) };
  }
}
