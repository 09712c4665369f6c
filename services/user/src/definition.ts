// What the host needs to run the user service.
import type { ServiceDefinition } from '@baton/service-host';
import { UserConfig } from './config.ts';
import { userModule } from './user.module.ts';

export const userService: ServiceDefinition<typeof UserConfig> = {
  role: 'user',
  streams: [],
  config: UserConfig,
  module: userModule,
};
