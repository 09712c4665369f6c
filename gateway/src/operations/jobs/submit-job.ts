// POST /jobs.
import { JobSpec, JobSubmission, schedulerRpc } from '@baton/contracts';
import { operation } from '../operation.ts';

export const submitJob = operation({
  method: 'POST',
  url: '/jobs',
  summary: 'Submit a job, or an array of jobs; it is queued when this answers',
  access: 'user',
  schema: { body: JobSpec, response: JobSubmission },
  status: 201,
  location: ({ id }) => `/jobs/${id}`,
  handler: ({ call, body }) => call(schedulerRpc.submit, body),
});
