// GET /metrics, for Prometheus.
import { operation } from '../operation.ts';

export const metrics = operation({
  method: 'GET',
  url: '/metrics',
  root: true,
  summary: "The gateway's own metrics in Prometheus' text format",
  access: 'anonymous',
  schema: {},
  produces: 'text/plain',
  handler: ({ gateway, reply }) => {
    void reply.type(gateway.metrics.contentType);
    return gateway.metrics.text();
  },
});
