// The wiring of the model service.
import { openFileBlobStore } from '@baton/blob-store';
import { ingestPort, openThings } from '@baton/catalogue';
import type { Platform } from '@baton/service-host';
import { type DynamicModule, Module } from '@nestjs/common';
import { ModelController } from './adapters/model.controller.ts';
import { startRegistration } from './adapters/start-registration.ts';
import { Models } from './app/models.ts';
import type { ModelConfig } from './config.ts';
import { modelDecider } from './domain/model.commands.ts';
import { modelsProjection } from './projections/models.ts';
import { registeredJobsProjection } from './projections/registered-jobs.ts';

@Module({})
export class ModelModule {}

export async function modelModule(platform: Platform, config: ModelConfig): Promise<DynamicModule> {
  const blobs = await openFileBlobStore({ folder: config.BATON_BLOB_FOLDER });
  const views = await platform.project(modelsProjection);
  const registered = await platform.project(registeredJobsProjection);
  const { commands, queries } = openThings({ platform, kind: 'model', decider: modelDecider, views, blobs });
  const models = new Models({ commands, queries, ingest: ingestPort(blobs) });
  startRegistration({ platform, commands, queries, blobs, views, registered });
  return { module: ModelModule, controllers: [ModelController], providers: [{ provide: Models, useValue: models }] };
}
