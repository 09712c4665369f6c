// The use cases of datasets.
import type {
  Command,
  IngestPort,
  ThingChange,
  ThingCommands,
  ThingQueries,
  ThingWanted,
  UploadWanted,
} from '@baton/catalogue';
import type { LatestVersion } from '@baton/catalogue/rules';
import type { DatasetEvent, DatasetVersionView } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { CallContext } from '@baton/messaging';
import type { DatasetCommand } from '../domain/dataset.commands.ts';

export type DatasetCommands = ThingCommands<DatasetCommand, LatestVersion, DatasetEvent>;

export interface DatasetPorts {
  readonly commands: DatasetCommands;
  readonly queries: ThingQueries<DatasetVersionView>;
  readonly ingest: IngestPort;
}

export interface DatasetVersionWanted {
  readonly id: string;
  readonly uploads: readonly UploadWanted[];
  readonly unpack?: boolean;
}

export class Datasets {
  readonly queries: ThingQueries<DatasetVersionView>;
  readonly #commands: DatasetCommands;
  readonly #ingest: IngestPort;

  constructor({ commands, queries, ingest }: DatasetPorts) {
    this.queries = queries;
    this.#commands = commands;
    this.#ingest = ingest;
  }

  create(call: Command, asked: ThingWanted) {
    const { principal } = call;
    return this.#commands.create(call, asked, (wanted) => ({ type: 'CreateDataset', principal, wanted }));
  }

  update(call: Command, { id, ...asked }: ThingChange & { readonly id: string }) {
    const { principal } = call;
    return this.#commands.change(call, id, asked, (wanted) => ({ type: 'ChangeDataset', principal, wanted }));
  }

  delete(call: Command, ref: string) {
    return this.#commands.remove(call, ref, { type: 'DeleteDataset', principal: call.principal });
  }

  async addVersion(call: Command, { id: ref, uploads, unpack = true }: DatasetVersionWanted) {
    const id = await this.#commands.demandWritable(call, ref);
    const { files: _files, ...content } = await this.#ingest(uploads, { unpack });
    const command: DatasetCommand = { type: 'AddDatasetVersion', principal: call.principal, content };
    const { revision, events, state } = await this.#commands.run(call, id, command);
    const added = events.find((event) => event.type === 'DatasetVersionAdded');
    if (added) return { id, revision, version: added.data.version, manifest: added.data.manifest };
    // Nothing happened: the content is that of the latest version.
    const latest = state.status === 'present' ? state.latest : null;
    if (latest === null) throw new PlatformError('internal', 'The version was neither added nor found.');
    return { id, revision, version: latest.version, manifest: content.manifest };
  }

  async resolve(
    call: CallContext,
    { ref, version: asked }: { readonly ref: string; readonly version: number | 'latest' },
  ) {
    const { thing, version } = await this.queries.version(call, ref, asked);
    const { digest, sizeBytes } = version.manifest;
    return { datasetId: thing.id, datasetName: thing.name, version: version.version, digest, sizeBytes };
  }
}
