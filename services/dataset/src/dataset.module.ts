// The wiring of the dataset service.
import { openFileBlobStore } from '@baton/blob-store';
import { ingestPort, openThings } from '@baton/catalogue';
import type { Platform } from '@baton/service-host';
import { type DynamicModule, Module } from '@nestjs/common';
import { DatasetController } from './adapters/dataset.controller.ts';
import { Datasets } from './app/datasets.ts';
import type { DatasetConfig } from './config.ts';
import { datasetDecider } from './domain/dataset.commands.ts';
import { datasetsProjection } from './projections/datasets.ts';

@Module({})
export class DatasetModule {}

export async function datasetModule(platform: Platform, config: DatasetConfig): Promise<DynamicModule> {
  const blobs = await openFileBlobStore({ folder: config.BATON_BLOB_FOLDER });
  const views = await platform.project(datasetsProjection);
  const { commands, queries } = openThings({ platform, kind: 'dataset', decider: datasetDecider, views, blobs });
  const datasets = new Datasets({ commands, queries, ingest: ingestPort(blobs) });
  return {
    module: DatasetModule,
    controllers: [DatasetController],
    providers: [{ provide: Datasets, useValue: datasets }],
  };
}
