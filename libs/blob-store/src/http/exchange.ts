// One HTTP request with a body that is written piece by piece; refusals come back as the platform's errors.
import { type ClientRequest, type IncomingMessage, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { PlatformError } from '@baton/errors';

/** Without a byte in either direction. */
const IDLE_MS = 60_000;

export interface Endpoint {
  /** Of the gateway's API, such as `http://host:8080/api/v1`. */
  readonly base: string;
  readonly token: string;
}

export interface Exchange {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Writes the body; absent: there is none. */
  readonly write?: (write: (chunk: Uint8Array) => Promise<void>) => Promise<void>;
}

/** The answer, whose body is still to be read. Throws what the gateway refused with, and `unavailable` if it can't be reached. */
export async function exchange(endpoint: Endpoint, asked: Exchange): Promise<IncomingMessage> {
  const url = new URL(`${endpoint.base}${asked.path}`);
  const send = url.protocol === 'https:' ? tlsRequest : plainRequest;
  const type = asked.write ? { 'content-type': 'application/octet-stream' } : {};
  const headers = { authorization: `Bearer ${endpoint.token}`, ...type, ...asked.headers };
  const request = send(url, { method: asked.method, headers, timeout: IDLE_MS });
  request.on('timeout', () => request.destroy(new Error(`nothing came for ${IDLE_MS / 1_000} s`)));
  const answered = answerTo(request);
  // An answer that comes before the body is at its end is a refusal.
  answered.catch(() => {});
  try {
    await asked.write?.((chunk) => writeTo(request, chunk, answered));
    request.end();
  } catch (error) {
    request.destroy();
    throw error;
  }
  return accepted(await answered);
}

function answerTo(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', (cause) => reject(unreachable(cause)));
  });
}

async function writeTo(request: ClientRequest, chunk: Uint8Array, answered: Promise<IncomingMessage>): Promise<void> {
  if (request.write(chunk)) return;
  const drained = new Promise<null>((resolve) => request.once('drain', () => resolve(null)));
  const early = await Promise.race([drained, answered]);
  if (early) await accepted(early);
}

async function accepted(answer: IncomingMessage): Promise<IncomingMessage> {
  const { statusCode = 0 } = answer;
  if (statusCode >= 200 && statusCode < 300) return answer;
  throw refusal(statusCode, await text(answer).catch(() => ''));
}

const CODES = new Map([
  [401, 'unauthenticated'],
  [403, 'forbidden'],
  [404, 'not_found'],
  [416, 'range_not_satisfiable'],
  [422, 'digest_mismatch'],
  [507, 'storage_full'],
] as const);

function refusal(status: number, body: string): PlatformError {
  const code = CODES.get(status as never) ?? 'unavailable';
  return new PlatformError(code, detailOf(body) ?? `The platform's blob store answered ${status}.`);
}

/** Of a problem document. */
function detailOf(body: string): string | null {
  try {
    const { detail } = JSON.parse(body) as { detail?: unknown };
    return typeof detail === 'string' ? detail : null;
  } catch {
    return null;
  }
}

export function unreachable(cause: unknown): PlatformError {
  const message = "The platform's blob store can not be reached.";
  return new PlatformError('unavailable', message, { cause, detail: String(cause), retryAfterMs: 1_000 });
}
