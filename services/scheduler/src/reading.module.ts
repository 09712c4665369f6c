// Wiring of what is read of jobs and nodes, and of what retention leaves of it.
import type { Platform } from '@baton/service-host';
import type { Static } from 'typebox';
import type { Policies } from './app/policies.ts';
import { Queries, type QueryPorts } from './app/queries.ts';
import type { SchedulerConfig } from './config.ts';
import { jobProjection } from './projections/job-document.ts';
import { nodeProjection } from './projections/node-document.ts';
import { openRetention } from './retention.module.ts';

interface Given extends Pick<QueryPorts, 'jobViews' | 'known' | 'leadership' | 'forecasts'> {
  readonly policies: Policies;
}

export async function openReading(
  platform: Platform,
  { policies, ...about }: Given,
  config: Static<typeof SchedulerConfig>,
) {
  const [jobs, nodes] = await Promise.all([platform.project(jobProjection), platform.project(nodeProjection)]);
  const { leadership } = about;
  const { sweeper, admin } = await openRetention(platform, { jobs, policies, leadership }, config);
  return { queries: new Queries({ jobs, nodes, ...about, sweeper }), retention: admin };
}
