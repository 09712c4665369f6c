// One message from a consumer, read from its subjects and headers: a commit, a sign of life, or the end of the delivery.
import type { Msg } from '@nats-io/transport-node';
import type { Position } from '../port.ts';
import type { StoredMessage } from './stream-api.ts';

export interface Delivered extends StoredMessage {
  readonly kind: 'message';
  /** Ordinal in this consumer: 1, 2, 3 ... A hole means that something was lost on the way. */
  readonly ordinal: number;
}

export type Delivery =
  | Delivered
  /** A sign of life: the server has nothing to send at present. */
  | { readonly kind: 'idle' }
  /** A pull request has expired; `unused` of its messages will not come. */
  | { readonly kind: 'pull-ended'; readonly unused: number | null }
  /** The consumer is of no use any more; another one continues. */
  | { readonly kind: 'lost' };

const PLACE = '$JS.ACK.';

export function parseDelivery(message: Msg): Delivery {
  // What has a place in the stream is a message: its headers need not be read, which takes longer than all the rest.
  const stored = message.reply?.startsWith(PLACE) === true ? parsePlace(message.reply) : null;
  if (stored !== null) return { kind: 'message', subject: message.subject, bytes: message.data, ...stored };
  const code = message.headers?.code ?? 0;
  if (code === 100) return { kind: 'idle' };
  if (code === 404 || code === 408) return { kind: 'pull-ended', unused: unusedOf(message) };
  return { kind: 'lost' };
}

function unusedOf({ headers }: Msg): number | null {
  const text = headers?.get('Nats-Pending-Messages') ?? '';
  return /^\d+$/.test(text) ? Number(text) : null;
}

interface Place {
  readonly position: Position;
  readonly ordinal: number;
}

/**
 * `$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>`, newer servers put
 * `<domain>.<account>` before the stream and may append tokens.
 */
function parsePlace(reply: string): Place | null {
  const tokens = reply.split('.');
  if (tokens.length < 9) return null;
  const first = tokens.length === 9 ? 5 : 7;
  const position = Number(tokens[first]);
  const ordinal = Number(tokens[first + 1]);
  if (!(position > 0) || !(ordinal > 0)) return null;
  return { position, ordinal };
}
