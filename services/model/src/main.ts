// The model service as a process of its own.
import { runServiceMain } from '@baton/service-host';
import { modelService } from './definition.ts';

await runServiceMain(modelService);
