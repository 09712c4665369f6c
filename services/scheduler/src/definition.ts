// The scheduler as a hosted service.
import { JOBS_STREAM } from '@baton/contracts';
import type { ServiceDefinition } from '@baton/service-host';
import { SchedulerConfig } from './config.ts';
import { SchedulerModule } from './scheduler.module.ts';

export const schedulerService: ServiceDefinition<typeof SchedulerConfig> = {
  role: 'scheduler',
  streams: [JOBS_STREAM],
  config: SchedulerConfig,
  module: (platform, config) => SchedulerModule.on(platform, config),
};
