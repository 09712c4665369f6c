// A part of the stream that is long may be read by other means than the store's own connection, as far as these go.
import type { Position } from '../port.ts';
import { storedStream } from './stored-messages.ts';
import type { StoredMessage } from '../stored-commit.ts';
import type { StreamApi } from './stream-api.ts';

/** All after `after`, up to `end`. */
export interface Part {
  readonly after: Position;
  readonly end: Position;
  readonly signal: AbortSignal | undefined;
}

export interface LongRead {
  /** It is not worth while for fewer messages. */
  readonly least: number;
  /** In order, in batches, until the signal aborts. What it does not give, by an early end or by throwing, is read otherwise. */
  read(part: Part): AsyncIterable<readonly StoredMessage[]>;
}

/** As much of the part as `longRead` gives, nothing where it is short; never throws. */
export async function* longPart(longRead: LongRead | undefined, part: Part): AsyncGenerator<readonly StoredMessage[]> {
  if (longRead === undefined || part.end - part.after < longRead.least) return;
  const batches = longRead.read(part)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const batch = await batches.next().catch(() => null);
      if (batch === null || batch.done === true) return;
      yield batch.value;
    }
  } finally {
    await batches.return?.();
  }
}

/** All of the part. Throws `unavailable` when the server stops giving any before the end. */
export async function* wholePart(
  { connection, stream }: StreamApi,
  longRead: LongRead | undefined,
  part: Part,
): AsyncGenerator<readonly StoredMessage[]> {
  let position = part.after;
  for await (const batch of longPart(longRead, part)) {
    position = batch.at(-1)?.position ?? position;
    yield batch;
  }
  if (!part.signal?.aborted) yield* storedStream(connection, stream).read(position, part.end);
}
