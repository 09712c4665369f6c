// POST /jobs.
import { JobSpec, JobSubmission, schedulerRpc } from '@baton/contracts';
import { operation } from '../operation.ts';
import { ARRAY_TIMEOUT_MS } from './array-timeout.ts';

export const submitJob = operation({
  method: 'POST',
  url: '/jobs',
  summary: 'Submit a job, or an array of jobs; it is queued when this answers',
  access: 'user',
  schema: { body: JobSpec, response: JobSubmission },
  status: 201,
  location: ({ id }) => `/jobs/${id}`,
  handler: ({ gateway, principal, meta, body }) =>
    gateway.bus.call(schedulerRpc.submit, { principal, meta }, body, { timeoutMs: ARRAY_TIMEOUT_MS }),
});
