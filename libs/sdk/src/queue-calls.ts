// What waits, why, and who went first: now, or at a time in the past.
import type { OvertakersView, QueueQuery, QueueView, WhyView } from '@baton/contracts';
import type { Http } from './http.ts';

export class QueueCalls {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** In the order in which jobs are to start. */
  show = (query: QueueQuery = {}) => this.#http.json<QueueView>('GET', '/queue', { query });

  /** Why a job waits, or did at `at`, in milliseconds since the Unix epoch. */
  why = (jobId: string, query: { readonly at?: number } = {}) =>
    this.#http.json<WhyView>('GET', `${jobPath(jobId)}/why`, { query });

  /** Jobs that came after it and started before it. */
  overtakers = (jobId: string) => this.#http.json<OvertakersView>('GET', `${jobPath(jobId)}/overtakers`);
}

function jobPath(id: string): string {
  return `/jobs/${encodeURIComponent(id)}`;
}
