// How the scheduler decides: the policy in force, its versions, and what another one would change.
import { randomUUID } from 'node:crypto';
import type { PolicyApplied, PolicyCheck, PolicyDocument, PolicyVersion, PolicyView } from '@baton/contracts';
import type { Page } from './answers.ts';
import type { Http, Query, RequestOptions } from './http.ts';

export class PolicyCalls {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  get = (query: { readonly version?: number } = {}) => this.#http.json<PolicyView>('GET', '/policy', { query });

  /** Replaces the whole policy. `ifRevision`: only if this version is in force. */
  apply = (
    policy: PolicyDocument,
    query: { readonly comment?: string } = {},
    options: Pick<RequestOptions, 'ifRevision' | 'idempotencyKey'> = {},
  ) => {
    const { idempotencyKey = randomUUID(), ...rest } = options;
    const headers = { 'idempotency-key': idempotencyKey };
    return this.#http.json<PolicyApplied>('PUT', '/policy', { ...rest, headers, query, body: policy });
  };

  /** What it would change; changes nothing. */
  check = (policy: PolicyDocument) => this.#http.json<PolicyCheck>('POST', '/policy/check', { body: policy });

  /** Newest first. */
  versions = (query: Query = {}) => this.#http.json<Page<PolicyVersion>>('GET', '/policy/versions', { query });
}
