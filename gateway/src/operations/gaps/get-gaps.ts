// GET /gaps.
import { GapsQuery, GapsView, schedulerRpc } from '@baton/contracts';
import { operation } from '../operation.ts';

export const getGaps = operation({
  method: 'GET',
  url: '/gaps',
  summary: "Where every device's time went: contiguous intervals, sums by category, and what jobs had of it",
  access: 'user',
  schema: { query: GapsQuery, response: GapsView },
  handler: ({ call, query }) => call(schedulerRpc.gaps, query),
});
