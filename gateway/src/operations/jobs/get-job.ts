// GET /jobs/:id.
import { JobView, schedulerRpc, userRpc } from '@baton/contracts';
import { type OperationCall, operation } from '../operation.ts';
import { IdPath } from '../path.ts';

export const getJob = operation({
  method: 'GET',
  url: '/jobs/:id',
  summary: 'Show a job: state, attempts, and why it waits',
  access: 'job-token-ok',
  past: true,
  schema: { params: IdPath, response: JobView },
  handler: async ({ call, params }) => {
    const job = await call(schedulerRpc.getJob, params);
    const { cancellation } = job;
    if (!cancellation) return job;
    const byName = await nameOf(call, cancellation.by);
    return byName === null ? job : { ...job, cancellation: { ...cancellation, byName } };
  },
});

/** Names are asked of the user service, which knows who may see whom; without one, the id has to do. */
async function nameOf(call: OperationCall<never, never, never>['call'], userId: string): Promise<string | null> {
  try {
    return (await call(userRpc.getUser, { id: userId })).name;
  } catch {
    return null;
  }
}
