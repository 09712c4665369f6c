// What the host needs to run the model service.
import { JOBS_STREAM } from '@baton/contracts';
import type { ServiceDefinition } from '@baton/service-host';
import { ModelConfig } from './config.ts';
import { modelModule } from './model.module.ts';

export const modelService: ServiceDefinition<typeof ModelConfig> = {
  role: 'model',
  streams: [JOBS_STREAM],
  config: ModelConfig,
  module: modelModule,
};
