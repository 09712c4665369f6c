// The user service as a process of its own.
import { runServiceMain } from '@baton/service-host';
import { userService } from './definition.ts';

await runServiceMain(userService);
