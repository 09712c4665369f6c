// What was ever stored of this service's aggregates comes to the same state as when it was frozen.
import { goldenHistories } from '@baton/event-store/testing';
import { expect, it } from 'vitest';
import { calendarDecider } from './calendar.commands.ts';
import { jobDecider } from './job.commands.ts';
import { nodeDecider } from './node.commands.ts';
import { policyDecider } from './policy.commands.ts';
import { retentionDecider } from './retention.commands.ts';

it.each([
  ...goldenHistories('calendar', calendarDecider),
  ...goldenHistories('job', jobDecider),
  ...goldenHistories('node', nodeDecider),
  ...goldenHistories('policy', policyDecider),
  ...goldenHistories('retention', retentionDecider),
])('$path comes to the state that was frozen', ({ replay, frozen }) => {
  expect(replay()).toEqual(frozen);
});
