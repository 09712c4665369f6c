// GET /metrics, for Prometheus.
import { forecastRpc, systemPrincipal } from '@baton/contracts';
import type { Bus } from '@baton/messaging';
import { statsMetrics } from '../../http/stats-metrics.ts';
import { operation } from '../operation.ts';

const TIMEOUT_MS = 1_000;

export const metrics = operation({
  method: 'GET',
  url: '/metrics',
  root: true,
  summary: "The gateway's own metrics, and the scheduler's figures, in Prometheus' text format",
  access: 'anonymous',
  schema: {},
  produces: 'text/plain',
  handler: async ({ gateway, request, reply }) => {
    void reply.type(gateway.metrics.contentType);
    return (await gateway.metrics.text()) + (await figures(gateway.bus, request.id));
  },
});

/** Nothing while the scheduler does not answer: what the gateway measures is told all the same. */
async function figures(bus: Bus, requestId: string): Promise<string> {
  const context = { principal: systemPrincipal('gateway'), meta: { requestId } };
  try {
    return `\n${await statsMetrics(await bus.call(forecastRpc.stats, context, {}, { timeoutMs: TIMEOUT_MS }))}`;
  } catch {
    return '';
  }
}
