// What waits, why, and who went first: now, or at a time in the past; how good forecasts were, and what would have been.
import type { OvertakersView, QueueQuery, QueueView, StatsView, WhatIf, WhatIfView, WhyView } from '@baton/contracts';
import type { Http } from './http.ts';

/** `at`: milliseconds since the Unix epoch, or `position:N`, behind commit N of the JOBS stream. */
export type PastQuery = { readonly at?: number | string };

export class QueueCalls {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** In the order in which jobs are to start; as it is, or was at `at`. */
  show = (query: QueueQuery & PastQuery = {}) => this.#http.json<QueueView>('GET', '/queue', { query });

  /** Why a job waits, or did at `at`. */
  why = (jobId: string, query: PastQuery = {}) => this.#http.json<WhyView>('GET', `${jobPath(jobId)}/why`, { query });

  /** Jobs that came after it and started before it. */
  overtakers = (jobId: string) => this.#http.json<OvertakersView>('GET', `${jobPath(jobId)}/overtakers`);

  /** How many jobs there are, and how good what was forecast of them was. */
  stats = () => this.#http.json<StatsView>('GET', '/stats');

  /** Replays the jobs of the log; changes nothing. */
  whatIf = (question: WhatIf) => this.#http.json<WhatIfView>('POST', '/simulations', { body: question });
}

function jobPath(id: string): string {
  return `/jobs/${encodeURIComponent(id)}`;
}
