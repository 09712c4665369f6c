// The gateway as a process of its own.
import { runMain } from '@baton/service-host/without-nest';
import { startGateway } from './start.ts';

await runMain(startGateway);
