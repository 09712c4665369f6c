// REST with JSON: authentication, typed problems, and retries that can't do a thing twice.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Issue } from '@baton/contracts';

/** An answer of the platform that says no (RFC 9457). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** Stable; see the reference of error codes. `connection_failed` if nothing answered. */
  readonly code: string;
  readonly issues: readonly Issue[];
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(problem: {
    status: number;
    code: string;
    message: string;
    issues?: readonly Issue[];
    requestId?: string;
    retryAfterMs?: number;
    cause?: unknown;
  }) {
    super(problem.message, problem.cause === undefined ? undefined : { cause: problem.cause });
    this.status = problem.status;
    this.code = problem.code;
    this.issues = problem.issues ?? [];
    this.requestId = problem.requestId;
    this.retryAfterMs = problem.retryAfterMs;
  }
}

export interface ClientOptions {
  /** For example `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly token?: string;
  /** How long a request that may be repeated is tried again while the platform is away. Default 30 s. */
  readonly retryForMs?: number;
  /** Every read answers as it was then: `PastMoment` of the contracts. */
  readonly at?: string;
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface RequestOptions {
  readonly query?: Query;
  readonly body?: unknown;
  /** Makes a POST repeatable; one is made up if absent. */
  readonly idempotencyKey?: string;
  readonly ifRevision?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

const API = '/api/v1';

export class Http {
  readonly base: string;
  readonly token: string | undefined;
  readonly #retryForMs: number;
  readonly #at: string | undefined;

  constructor(options: ClientOptions) {
    this.base = options.url.replace(/\/+$/, '');
    this.token = options.token;
    this.#retryForMs = options.retryForMs ?? 30_000;
    this.#at = options.at;
  }

  /** The JSON body of a successful answer; throws ApiError. */
  async json<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    const response = await this.raw(method, path, options);
    const text = await response.text();
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  /** The response itself, once it is a successful one. */
  async raw(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
    const key = method === 'POST' ? (options.idempotencyKey ?? randomUUID()) : undefined;
    const deadline = performance.now() + this.#retryForMs;
    for (let pauseMs = 200; ; pauseMs = Math.min(2_000, pauseMs * 2)) {
      try {
        return await this.#once(method, path, options, key);
      } catch (error) {
        const waitMs = options.signal?.aborted ? null : retryAfter(error, pauseMs);
        if (waitMs === null || performance.now() + waitMs > deadline) throw error;
        await sleep(waitMs, undefined, options.signal ? { signal: options.signal } : {});
      }
    }
  }

  async #once(method: string, path: string, options: RequestOptions, key: string | undefined): Promise<Response> {
    const response = await this.#fetch(method, path, options, key);
    if (response.ok) return response;
    throw await problemOf(response);
  }

  #queryAt(method: string, query: Query | undefined): Query | undefined {
    return method === 'GET' && this.#at !== undefined ? { at: this.#at, ...query } : query;
  }

  async #fetch(method: string, path: string, options: RequestOptions, key: string | undefined): Promise<Response> {
    const url = `${this.base}${path.startsWith('/v2') ? '' : API}${path}${queryOf(this.#queryAt(method, options.query))}`;
    const headers: Record<string, string> = { accept: 'application/json', ...options.headers };
    if (this.token !== undefined) headers['authorization'] = `Bearer ${this.token}`;
    if (key !== undefined) headers['idempotency-key'] = key;
    if (options.ifRevision !== undefined) headers['if-match'] = `"${options.ifRevision}"`;
    const hasBody = options.body !== undefined;
    if (hasBody) headers['content-type'] = 'application/json';
    try {
      return await fetch(url, {
        method,
        headers,
        ...(hasBody ? { body: JSON.stringify(options.body) } : {}),
        ...(options.signal ? { signal: options.signal } : {}),
      });
    } catch (cause) {
      if (options.signal?.aborted) throw cause;
      const message = `Baton does not answer at ${this.base}. Is it running, and is the address right?`;
      throw new ApiError({ status: 0, code: 'connection_failed', message, cause });
    }
  }
}

/** How long to wait before the request is sent again; null if that would change nothing. */
function retryAfter(error: unknown, pauseMs: number): number | null {
  if (!(error instanceof ApiError)) return null;
  const isTemporary = error.status === 0 || error.status === 503 || error.status === 429;
  return isTemporary ? (error.retryAfterMs ?? pauseMs) : null;
}

function queryOf(query: Query = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs as [string, string][]).toString()}`;
}

interface Problem {
  readonly code?: string;
  readonly detail?: string;
  readonly title?: string;
  readonly requestId?: string;
  readonly errors?: readonly Issue[];
  /** The inference protocol's form. */
  readonly error?: string;
}

async function problemOf(response: Response): Promise<ApiError> {
  const text = await response.text();
  const problem = parseProblem(text);
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new ApiError({
    status: response.status,
    code: problem.code ?? `http_${response.status}`,
    message: problem.detail ?? problem.error ?? problem.title ?? (text.slice(0, 500) || response.statusText),
    issues: problem.errors ?? [],
    ...(problem.requestId === undefined ? {} : { requestId: problem.requestId }),
    ...(Number.isFinite(retryAfter) ? { retryAfterMs: retryAfter * 1_000 } : {}),
  });
}

function parseProblem(text: string): Problem {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
