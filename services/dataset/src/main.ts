// The dataset service as a process of its own.
import { runServiceMain } from '@baton/service-host';
import { datasetService } from './definition.ts';

await runServiceMain(datasetService);
