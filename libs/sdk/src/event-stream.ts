// Server-sent events with exact resume: after a broken connection it goes on behind the last event seen.
import { setTimeout as sleep } from 'node:timers/promises';
import { createParser } from 'eventsource-parser';
import { ApiError, type Http, type Query } from './http.ts';

/** Before a broken connection is made again. */
const PAUSE_MS = 200;

export interface StreamEvent {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
}

export interface StreamOptions {
  readonly query?: Query;
  readonly lastEventId?: string;
  readonly signal?: AbortSignal;
}

/** Yields each event until the platform sends `end` or the signal aborts. */
export async function* eventStream(http: Http, path: string, options: StreamOptions = {}): AsyncGenerator<StreamEvent> {
  let resume = options;
  while (!options.signal?.aborted) {
    for await (const event of untilBroken(connection(http, path, resume), options.signal)) {
      if (event.type === 'end') return;
      if (event.id !== '') resume = { ...resume, lastEventId: event.id };
      yield event;
    }
    if (!options.signal?.aborted) await sleep(PAUSE_MS);
  }
}

/** Ends where the connection breaks: the next one resumes. What the platform itself refuses is thrown. */
async function* untilBroken(
  events: AsyncIterable<StreamEvent>,
  signal: AbortSignal | undefined,
): AsyncGenerator<StreamEvent> {
  try {
    yield* events;
  } catch (error) {
    if (error instanceof ApiError && !signal?.aborted) throw error;
  }
}

async function* connection(http: Http, path: string, options: StreamOptions): AsyncGenerator<StreamEvent> {
  const { query, lastEventId, signal } = options;
  const resume = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  const response = await http.raw('GET', path, {
    headers: { accept: 'text/event-stream', ...resume },
    ...(query ? { query } : {}),
    ...(signal ? { signal } : {}),
  });
  yield* eventsOf(response);
}

async function* eventsOf(response: Response): AsyncGenerator<StreamEvent> {
  if (!response.body) return;
  const ready: StreamEvent[] = [];
  const parser = createParser({
    onEvent: (event) =>
      ready.push({ id: event.id ?? '', type: event.event ?? 'message', data: JSON.parse(event.data) }),
  });
  const decoder = new TextDecoder();
  for await (const chunk of response.body) {
    parser.feed(decoder.decode(chunk as Uint8Array, { stream: true }));
    yield* ready.splice(0);
  }
}
