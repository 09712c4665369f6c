// GET /jobs/:id/events.
import { schedulerRpc } from '@baton/contracts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';

export const listJobEvents = operation({
  method: 'GET',
  url: '/jobs/:id/events',
  summary: 'List what has happened to a job, as the log has it',
  access: 'job-token-ok',
  schema: { params: IdPath, response: schedulerRpc.jobEvents.reply },
  handler: ({ call, params }) => call(schedulerRpc.jobEvents, params),
});
