// Reads that the stream's leader answers: what has been acknowledged is seen.
import { PlatformError } from '@baton/errors';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Position } from '../port.ts';
import type { StoredMessage } from '../stored-commit.ts';
import { type ApiReply, apiRequest } from './request.ts';

export interface StreamApi {
  readonly connection: NatsConnection;
  readonly stream: string;
  /** The message at a position, if there is one. */
  messageAt(position: Position): Promise<StoredMessage | null>;
  /** The first message at or after a position under a subject, which may hold wildcards. */
  nextMessage(from: Position, subject: string): Promise<StoredMessage | null>;
  /** The newest message under a subject. */
  lastMessage(subject: string): Promise<StoredMessage | null>;
  lastPosition(): Promise<Position>;
}

interface MessageReply extends ApiReply {
  readonly message?: { readonly subject: string; readonly seq: number; readonly data?: string };
}
interface InfoReply extends ApiReply {
  readonly state?: { readonly last_seq: number };
}
const NO_MESSAGE_FOUND = 10037;

export function streamApi(connection: NatsConnection, stream: string, timeoutMs: number): StreamApi {
  const get = async (query: object): Promise<StoredMessage | null> => {
    const reply = await apiRequest<MessageReply>(connection, `$JS.API.STREAM.MSG.GET.${stream}`, query, timeoutMs);
    if (reply.error?.err_code === NO_MESSAGE_FOUND) return null;
    if (reply.message === undefined) throw refused(stream, reply);
    const { seq, subject, data } = reply.message;
    return { position: seq, subject, bytes: Buffer.from(data ?? '', 'base64') };
  };
  return {
    connection,
    stream,
    messageAt: (position) => get({ seq: position }),
    nextMessage: (from, subject) => get({ seq: from, next_by_subj: subject }),
    lastMessage: (subject) => get({ last_by_subj: subject }),
    async lastPosition() {
      const reply = await apiRequest<InfoReply>(connection, `$JS.API.STREAM.INFO.${stream}`, undefined, timeoutMs);
      if (reply.state === undefined) throw refused(stream, reply);
      return reply.state.last_seq;
    },
  };
}

function refused(stream: string, { error }: ApiReply): PlatformError {
  const detail = `${stream}: ${error?.description ?? 'no answer'} (${error?.err_code ?? error?.code ?? 'no code'})`;
  return new PlatformError('unavailable', 'The event log can not be read now.', { detail, retryAfterMs: 1_000 });
}
