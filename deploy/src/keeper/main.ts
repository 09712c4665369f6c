// The keeper as a process of its own, where each service is one.
import { runMain } from '@baton/service-host';
import { startKeeper } from './keeper.ts';

await runMain(startKeeper);
