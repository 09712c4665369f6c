// GET /stats.
import { forecastRpc, StatsView } from '@baton/contracts';
import { operation } from '../operation.ts';

export const getStats = operation({
  method: 'GET',
  url: '/stats',
  summary: 'How many jobs wait and run, and how good the forecasts of starts, ends and run times were',
  access: 'user',
  schema: { response: StatsView },
  handler: ({ call }) => call(forecastRpc.stats, {}),
});
