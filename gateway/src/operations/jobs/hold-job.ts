// POST /jobs/:id/hold.
import { ChangedJobs, Empty, schedulerRpc } from '@baton/contracts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';

export const holdJob = operation({
  method: 'POST',
  url: '/jobs/:id/hold',
  summary: 'Keep a queued job, or a whole array by its id, from starting',
  access: 'user',
  schema: { params: IdPath, body: Empty, response: ChangedJobs },
  handler: ({ call, params }) => call(schedulerRpc.hold, params),
});
