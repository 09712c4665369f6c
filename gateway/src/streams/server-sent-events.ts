// Server-sent events: an async sequence as a response body, with a heartbeat, and an end when the client goes.
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseResumeId, type ResumePoint } from './resume-point.ts';

const HEARTBEAT_MS = 15_000;
/** A client that takes nothing for so long is gone, or might as well be: with its `Last-Event-ID` it goes on where it was. */
const STALLED_MS = 45_000;

export interface ServerEvent {
  readonly type: string;
  /** Sent back by the client as `Last-Event-ID`. */
  readonly id?: string | number;
  readonly data: unknown;
}

/** Where the client has come to; the start if it has seen nothing. */
export function resumePoint(request: FastifyRequest): ResumePoint {
  const header = request.headers['last-event-id'];
  return parseResumeId(Array.isArray(header) ? header.join(',') : header);
}

/** Aborts when the client has gone or the gateway stops. */
export function clientSignal(reply: FastifyReply, stopping: AbortSignal): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return AbortSignal.any([gone.signal, stopping]);
}

/** Back-pressure reaches `events`: the next one is asked for when the client has room. One that never has is cut off. */
export function sendEvents(
  reply: FastifyReply,
  events: AsyncIterable<ServerEvent>,
  stalledMs: number = STALLED_MS,
): Readable {
  // Nothing was written for so long, though there is a heartbeat.
  reply.raw.setTimeout(stalledMs, () => reply.raw.destroy());
  reply
    .header('content-type', 'text/event-stream; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('x-accel-buffering', 'no');
  return Readable.from(withHeartbeat(events), { objectMode: true, highWaterMark: 8 });
}

async function* withHeartbeat(events: AsyncIterable<ServerEvent>): AsyncGenerator<string> {
  yield ': open\n\n';
  const iterator = events[Symbol.asyncIterator]();
  try {
    let next = iterator.next();
    for (;;) {
      const event = await orHeartbeat(next);
      if (event === 'heartbeat') yield ': alive\n\n';
      else if (event.done) return;
      else {
        yield format(event.value);
        next = iterator.next();
      }
    }
  } finally {
    await iterator.return?.();
  }
}

async function orHeartbeat<T>(next: Promise<T>): Promise<T | 'heartbeat'> {
  let timer: NodeJS.Timeout | undefined;
  const heartbeat = new Promise<'heartbeat'>((resolve) => {
    timer = setTimeout(() => resolve('heartbeat'), HEARTBEAT_MS);
  });
  try {
    return await Promise.race([next, heartbeat]);
  } finally {
    clearTimeout(timer);
  }
}

export function format(event: ServerEvent): string {
  const id = event.id === undefined ? '' : `id: ${event.id}\n`;
  return `${id}event: ${event.type}\ndata: ${JSON.stringify(event.data)}\n\n`;
}
