// Puts an export into empty streams, byte for byte at the same positions; one that was interrupted goes on where it was.
import { type Commit, STREAM_SUBJECTS } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { ensureStream, type StoredMessage, storedStream } from '@baton/event-store';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { logOn } from '../log-content.ts';
import { LOG_STREAMS, type LogStream } from '../log-streams.ts';
import { sameMark } from '../rolling-hash.ts';
import { verifyLog, type VerifyOptions, type VerifyReport } from '../verify/verify-log.ts';
import type { Archive } from './read-archive.ts';
import { marksOf, unsound } from './write-archive.ts';

const MAX_IN_FLIGHT = 256;
const ANSWER_MS = 30_000;

/** Throws `conflict` when the export is not sound, when a stream holds something else, or when what was written differs. */
export async function importLog(
  connection: NatsConnection,
  archive: Archive,
  options: VerifyOptions,
): Promise<VerifyReport> {
  mustBeSound(await verifyLog(archive, options));
  for (const stream of LOG_STREAMS) await ensureStream(connection, stream);
  const present = {
    JOBS: await storedStream(connection, 'JOBS').lastPosition(),
    EVENTS: await storedStream(connection, 'EVENTS').lastPosition(),
  };
  const there = await openExisting(connection, present);
  for await (const { stream, messages } of archive.read()) {
    for (const message of messages) {
      if (message.position <= present[stream]) await there.mustBe(stream, message);
    }
    await publishAll(
      connection,
      stream,
      messages.filter(({ position }) => position > present[stream]),
    );
  }
  const report = await verifyLog(await logOn(connection), options);
  mustBeSound(report);
  const marks = marksOf(report.streams);
  if (!LOG_STREAMS.every((stream) => sameMark(marks[stream], archive.marks[stream])))
    throw new PlatformError('conflict', 'What was imported is not what the export holds.');
  return report;
}

export function mustBeSound({ streams }: VerifyReport): void {
  for (const { fault } of streams) if (fault !== null) throw unsound(fault);
}

/** What an interrupted import has left, read beside the export. */
async function openExisting(connection: NatsConnection, present: Readonly<Record<LogStream, number>>) {
  const reading = Object.fromEntries(
    LOG_STREAMS.map((stream) => [stream, flat(storedStream(connection, stream).read(0, present[stream]))]),
  ) as Record<LogStream, AsyncGenerator<StoredMessage>>;
  return {
    async mustBe(stream: LogStream, message: StoredMessage): Promise<void> {
      const next = await reading[stream].next();
      const found = next.done === true ? null : next.value;
      const isSame =
        found?.position === message.position &&
        found.subject === message.subject &&
        Buffer.compare(found.bytes, message.bytes) === 0;
      if (isSame) return;
      throw new PlatformError(
        'conflict',
        `The stream ${stream} is not empty: at position ${message.position} it holds something else than the export. Import into an empty installation.`,
      );
    },
  };
}

async function* flat(batches: AsyncIterable<readonly StoredMessage[]>): AsyncGenerator<StoredMessage> {
  for await (const batch of batches) yield* batch;
}

async function publishAll(
  connection: NatsConnection,
  stream: LogStream,
  messages: readonly StoredMessage[],
): Promise<void> {
  for (let at = 0; at < messages.length; at += MAX_IN_FLIGHT) {
    await Promise.all(messages.slice(at, at + MAX_IN_FLIGHT).map((message) => publish(connection, stream, message)));
  }
}

interface Acknowledgement {
  readonly seq?: number;
  readonly error?: { readonly description?: string };
}

/** At its own position or not at all: each expects the stream to end right before it. */
async function publish(connection: NatsConnection, stream: LogStream, message: StoredMessage): Promise<void> {
  const { position, subject, bytes } = message;
  const made = headers();
  made.set('Nats-Msg-Id', commitIdOf(bytes));
  made.set('Nats-Expected-Stream', stream);
  made.set('Nats-Expected-Last-Sequence', String(position - 1));
  if (!(STREAM_SUBJECTS[stream] as readonly string[]).includes(subject.replace(/\.[^.]*$/, '.*')))
    throw new PlatformError('invalid_input', `${subject} is no subject of ${stream}.`);
  const answer = await connection.request(subject, bytes, { timeout: ANSWER_MS, headers: made });
  const { seq, error } = answer.json<Acknowledgement>();
  if (seq === position) return;
  const detail = error?.description ?? `it came to position ${seq}`;
  throw new PlatformError(
    'conflict',
    `Position ${position} of ${stream} could not be written: ${detail}. Run the import again.`,
  );
}

/** The writer of jobs names the commit before its own by this id, also the first one after an import. */
function commitIdOf(bytes: Uint8Array): string {
  return (JSON.parse(Buffer.from(bytes).toString('utf8')) as Commit).commitId;
}
