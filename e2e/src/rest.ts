// Requests that the client would never send, and answers as they come over the wire.
import type { BatonClient } from '@baton/sdk';

export interface Sent {
  readonly method?: string;
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, anything else as it is. */
  readonly body?: object | string | Uint8Array;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Null if the text is not JSON. */
  readonly json: unknown;
}

/** `path` from the root, such as `/api/v1/jobs`. */
export async function send(url: string, path: string, sent: Sent = {}): Promise<Answer> {
  const { body } = sent;
  const isJson = typeof body === 'object' && !(body instanceof Uint8Array);
  const response = await fetch(`${url}${path}`, {
    method: sent.method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(sent.token === undefined ? {} : { authorization: `Bearer ${sent.token}` }),
      ...(isJson ? { 'content-type': 'application/json' } : {}),
      ...sent.headers,
    },
    ...(body === undefined ? {} : { body: isJson ? JSON.stringify(body) : (body as string) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parsed(text) };
}

/** Sends on behalf of a logged-in client. */
export function sender(client: BatonClient): (path: string, sent?: Sent) => Promise<Answer> {
  return (path, sent) => send(client.http.base, path, { token: client.http.token, ...sent });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** RFC 9457: what every refusal looks like. For `toMatchObject` on an answer. */
export function problem(status: number, code: string, more: object = {}): object {
  return { status, json: { status, code, ...more } };
}
