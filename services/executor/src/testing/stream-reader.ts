// What the log and metric streams hold, read as the gateway would.
import { LOG_HEADER_OFFSET, LOGS_STREAM, METRICS_STREAM, STREAM_SUBJECTS } from '@baton/contracts';
import type { JetStreamManager, StoredMsg } from '@nats-io/jetstream';

const STREAMS = [LOGS_STREAM, METRICS_STREAM] as const;

export async function createStreams(manager: JetStreamManager): Promise<void> {
  for (const name of STREAMS)
    await manager.streams.add({ name, subjects: [...STREAM_SUBJECTS[name]], allow_direct: true });
}

export async function deleteStreams(manager: JetStreamManager): Promise<void> {
  for (const name of STREAMS) await manager.streams.delete(name);
}

export async function messagesOf(manager: JetStreamManager, stream: string, subject: string): Promise<StoredMsg[]> {
  const found: StoredMsg[] = [];
  for (let seq = 1; ;) {
    const one = await manager.direct.getMessage(stream, { next_by_subj: subject, seq }).catch(() => null);
    if (!one) return found;
    found.push(one);
    seq = one.seq + 1;
  }
}

/** The output that the chunks make up: overlaps are cut, and what came too early counts for nothing, for it comes again. */
export function assemble(messages: readonly StoredMsg[]): Buffer {
  const pieces: Buffer[] = [];
  let length = 0;
  for (const { header, data } of messages) {
    const offset = Number(header.get(LOG_HEADER_OFFSET));
    if (offset > length || offset + data.length <= length) continue;
    pieces.push(Buffer.from(data).subarray(length - offset));
    length = offset + data.length;
  }
  return Buffer.concat(pieces);
}
