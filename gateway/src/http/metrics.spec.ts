// What /metrics shows.
import { Gauge } from 'prom-client';
import { expect, it } from 'vitest';
import { HttpMetrics } from './metrics.ts';

it('shows its own metrics and those of the services that share its process', async () => {
  const metrics = new HttpMetrics();
  new Gauge({ name: 'baton_of_a_service', help: 'made up' }).set(3);
  metrics.observe({ method: 'GET', route: '/x', status: 200 }, 0.01);
  const text = await metrics.text();
  expect(text).toContain('baton_of_a_service 3');
  expect(text).toContain('baton_http_request_duration_seconds_count{method="GET",route="/x",status="200"} 1');
});
