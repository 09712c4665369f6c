// A stream's messages as they are stored, byte for byte, for whoever checks, copies or seals the log.
import type { NatsConnection } from '@nats-io/transport-node';
import { setTimeout as sleep } from 'node:timers/promises';
import { PlatformError } from '@baton/errors';
import type { Position } from '../port.ts';
import type { Delivered } from './delivery.ts';
import { PullConsumer } from './pull-consumer.ts';
import type { StoredMessage } from '../stored-commit.ts';
import { streamApi } from './stream-api.ts';

const TIMEOUT_MS = 10_000;
const PAUSE_MS = 100;
/** After so many consumers in a row that gave nothing, the messages are not there. */
const TRIES = 5;

export interface StoredStream {
  lastPosition(): Promise<Position>;
  messageAt(position: Position): Promise<StoredMessage | null>;
  /** All after `after` up to `end`, in order, in batches. Throws `unavailable` when the server stops giving any before the end. */
  read(after: Position, end: Position): AsyncGenerator<readonly StoredMessage[]>;
}

/** Reads alone: the stream is not made where it is missing. */
export function storedStream(connection: NatsConnection, stream: string): StoredStream {
  const api = streamApi(connection, stream, TIMEOUT_MS);
  return {
    lastPosition: () => api.lastPosition(),
    messageAt: (position) => api.messageAt(position),
    async *read(after, end) {
      let position = after;
      for (let failures = 0; position < end; failures += 1) {
        if (failures === TRIES) throw endsEarly(stream, position, end);
        if (failures > 0) await sleep(PAUSE_MS);
        for await (const batch of readOnce({ connection, stream }, position, end)) {
          failures = 0;
          position = batch.at(-1)?.position ?? position;
          yield batch;
        }
      }
    },
  };
}

/** Until the end is reached or the consumer is lost. */
async function* readOnce(
  source: { readonly connection: NatsConnection; readonly stream: string },
  after: Position,
  end: Position,
): AsyncGenerator<readonly StoredMessage[]> {
  const consumer = await PullConsumer.open({ ...source, filters: [] }, after + 1);
  try {
    for (let position = after; position < end;) {
      const deliveries = await consumer.take();
      const isLost = deliveries.length === 0 || deliveries.some(({ kind }) => kind === 'lost');
      const batch = deliveries.filter((each): each is Delivered => each.kind === 'message' && each.position <= end);
      if (batch.length > 0 && !isLost) yield batch;
      if (isLost) return;
      // A stream whose last messages are gone never gives them: an idle server has no more.
      if (batch.length === 0 && deliveries.some(({ kind }) => kind === 'idle')) return;
      position = batch.at(-1)?.position ?? position;
    }
  } finally {
    await consumer.close();
  }
}

function endsEarly(stream: string, position: Position, end: Position): PlatformError {
  const message = `The stream ${stream} gives nothing after position ${position}, and should reach ${end}.`;
  return new PlatformError('unavailable', message);
}
