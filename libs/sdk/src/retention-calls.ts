// What retention removes of jobs that are over; its rules are in the policy.
import type { RetentionSweep } from '@baton/contracts';
import type { Http } from './http.ts';

export class RetentionCalls {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** What goes now, or with `dryRun` what would. */
  sweep = (body: { readonly dryRun?: boolean } = {}) =>
    this.#http.json<RetentionSweep>('POST', '/retention/sweep', { body });
}
