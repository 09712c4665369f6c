// All commits of one aggregate, consistent with every append that was acknowledged.
import type { NatsConnection } from '@nats-io/transport-node';
import type { AggregateRef, Position, RecordedCommit } from '../port.ts';
import { decodeCommit, subjectOf } from '../stored-commit.ts';
import { answersBatches } from './server-version.ts';
import type { StoredMessage } from '../stored-commit.ts';
import type { StreamApi } from './stream-api.ts';

const BATCH = 512;
const BATCH_WAIT_MS = 2_000;

/**
 * The leader names the newest commit. What lies before never changes, so that any replica may send it, in batches; what a
 * replica does not have yet is read from the leader.
 */
export async function readAggregate(api: StreamApi, ref: AggregateRef): Promise<RecordedCommit[]> {
  const subject = subjectOf(ref);
  const last = await api.lastMessage(subject);
  if (last === null) return [];
  const newest = decode(last);
  if (newest.revision === 1) return [newest];
  const commits: RecordedCommit[] = [];
  for (let from = 1; from < last.position;) {
    const batch = await readBatch(api, subject, from, last.position);
    for (const message of batch) commits.push(decode(message));
    const reached = commits.at(-1)?.position;
    if (batch.length === 0 || reached === undefined) break;
    from = reached + 1;
  }
  return [...commits, newest];
}

/** Some messages of the subject in [from, end), in order; none only when there are none. */
async function readBatch(api: StreamApi, subject: string, from: Position, end: Position): Promise<StoredMessage[]> {
  const direct = answersBatches(api.connection.info?.version ?? '') ? await directBatch(api, subject, from) : [];
  const inRange = direct.filter((message) => message.position >= from && message.position < end);
  if (inRange.length > 0) return inRange;
  const next = await api.nextMessage(from, subject);
  return next !== null && next.position < end ? [next] : [];
}

/** What came of one batch; it may end early, and is empty when nothing came. */
async function directBatch(api: StreamApi, subject: string, from: Position): Promise<StoredMessage[]> {
  const query = JSON.stringify({ seq: from, next_by_subj: subject, batch: BATCH });
  const messages: StoredMessage[] = [];
  try {
    const answers = await api.connection.requestMany(`$JS.API.DIRECT.GET.${api.stream}`, query, {
      strategy: 'sentinel',
      maxWait: BATCH_WAIT_MS,
    });
    for await (const { headers, data } of answers) {
      const position = Number(headers?.get('Nats-Sequence'));
      if (headers?.code !== 0 || !Number.isSafeInteger(position)) break;
      // The server names the message before: if that is not the one before, something was lost on the way.
      if (Number(headers.get('Nats-Last-Sequence')) !== (messages.at(-1)?.position ?? 0)) break;
      messages.push({ position, subject: headers.get('Nats-Subject'), bytes: data });
    }
  } catch (error) {
    if (isGone(api.connection)) throw error;
  }
  return messages;
}

function isGone(connection: NatsConnection): boolean {
  return connection.isClosed() || connection.isDraining();
}

function decode({ position, subject, bytes }: StoredMessage): RecordedCommit {
  return decodeCommit(position, subject, bytes);
}
