// The serving service: always a process of its own, since inference takes whole cores.
import { runMain } from '@baton/service-host/without-nest';
import { startServing } from './serving.module.ts';

await runMain(startServing);
