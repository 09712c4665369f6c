// Prometheus metrics of the gateway. Labels are routes and statuses, never ids.
import { collectDefaultMetrics, Histogram, register, Registry } from 'prom-client';

export class HttpMetrics {
  readonly #registry = new Registry();
  readonly #durations: Histogram<'method' | 'route' | 'status'>;

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
    this.#durations = new Histogram({
      name: 'baton_http_request_duration_seconds',
      help: 'Time from a request to the end of its answer.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers: [this.#registry],
    });
  }

  observe(labels: { method: string; route: string; status: number }, seconds: number): void {
    this.#durations.observe({ ...labels, status: String(labels.status) }, seconds);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** With what the services measure that share this process. */
  async text(): Promise<string> {
    return [await this.#registry.metrics(), await register.metrics()].join('\n');
  }
}
