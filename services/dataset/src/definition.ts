// What the host needs to run the dataset service.
import type { ServiceDefinition } from '@baton/service-host';
import { DatasetConfig } from './config.ts';
import { datasetModule } from './dataset.module.ts';

export const datasetService: ServiceDefinition<typeof DatasetConfig> = {
  role: 'dataset',
  streams: [],
  config: DatasetConfig,
  module: datasetModule,
};
