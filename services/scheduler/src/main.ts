// The scheduler as a process of its own.
import { runServiceMain } from '@baton/service-host';
import { schedulerService } from './definition.ts';

await runServiceMain(schedulerService);
