// What folds the events of each of the service's aggregates, for whoever verifies the log.
import { calendarDecider } from './domain/calendar.commands.ts';
import { jobDecider } from './domain/job.commands.ts';
import { nodeDecider } from './domain/node.commands.ts';
import { policyDecider } from './domain/policy.commands.ts';
import { retentionDecider } from './domain/retention.commands.ts';

export const reducers = {
  calendar: calendarDecider,
  job: jobDecider,
  node: nodeDecider,
  policy: policyDecider,
  retention: retentionDecider,
};
