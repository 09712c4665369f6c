// Seals the streams' heads: reads on from the last head, and signs where it came to. Never signs over a break.
import { PlatformError } from '@baton/errors';
import { hashOf, storedStream, type StoredStream } from '@baton/event-store';
import type { NatsConnection } from '@nats-io/transport-node';
import { LOG_STREAMS, type LogStream } from '../log-streams.ts';
import { EMPTY_MARK, nextMark, type StreamMark } from '../rolling-hash.ts';
import { appendHeads, readLastHeads } from './heads-file.ts';
import type { SealKey } from './seal-key.ts';
import { type SealedHead, sealHead } from './sealed-head.ts';

export interface SealerOptions {
  readonly connection: NatsConnection;
  readonly key: SealKey;
  readonly file: string;
  readonly now: () => number;
}

/**
 * Appends a head for each stream that has grown since its last one; those that were appended. Throws `conflict` when a stream is
 * not what was sealed before: `baton log verify` then says where.
 */
export async function sealHeads({ connection, key, file, now }: SealerOptions): Promise<SealedHead[]> {
  const heads = await readLastHeads(file);
  const sealed: SealedHead[] = [];
  for (const stream of LOG_STREAMS) {
    const last = heads.find((head) => head.stream === stream) ?? EMPTY_MARK;
    const mark = await advance(stream, storedStream(connection, stream), last);
    if (mark.position > last.position) sealed.push(sealHead(stream, mark, now(), key));
  }
  await appendHeads(file, sealed, now());
  return sealed;
}

/** Throws `conflict` when the log is not what its newest heads say: shorter, or another. */
export async function mustHoldHeads({ connection, file }: Pick<SealerOptions, 'connection' | 'file'>): Promise<void> {
  for (const head of await readLastHeads(file)) {
    const stream = storedStream(connection, head.stream);
    await mustHold(head.stream, stream, head, await stream.lastPosition());
  }
}

async function advance(name: LogStream, stream: StoredStream, from: StreamMark): Promise<StreamMark> {
  const end = await stream.lastPosition();
  await mustHold(name, stream, from, end);
  let { position, rollingHash, lastHash } = from;
  for await (const messages of stream.read(position, end)) {
    for (const message of messages) {
      const next = nextMark(
        { position, rollingHash, lastHash },
        message.position,
        message.subject,
        hashOf(message.bytes),
      );
      ({ position, rollingHash, lastHash } = next);
    }
  }
  return { position, rollingHash, lastHash };
}

async function mustHold(name: LogStream, stream: StoredStream, from: StreamMark, end: number): Promise<void> {
  if (from.position === 0) return;
  const message = from.position > end ? null : await stream.messageAt(from.position);
  if (message !== null && hashOf(message.bytes) === from.lastHash) return;
  throw new PlatformError(
    'conflict',
    `The log is not what it was: ${name} was cut or rewritten at or before position ${from.position}, up to which it had been sealed. Keep a copy of the state folder, look with \`baton log verify\`, and restore the last good backup. To go on with what is left, move the file of heads (seals/heads.ndjson) away.`,
  );
}
