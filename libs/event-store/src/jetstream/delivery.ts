// One message from a consumer, read from its subjects and headers: a commit, a sign of life, or the end of the delivery.
import type { Msg, MsgHdrs } from '@nats-io/transport-node';
import type { Position } from '../port.ts';
import type { StoredMessage } from '../stored-commit.ts';

export interface Delivered extends StoredMessage {
  readonly kind: 'message';
  /** Ordinal in this consumer: 1, 2, 3 ... A hole means that something was lost on the way. */
  readonly ordinal: number;
}

export type Delivery =
  | Delivered
  /** A sign of life: the server has nothing to send at present. */
  | { readonly kind: 'idle' }
  /** A pull request is over; `unused` of its messages will not come. */
  | { readonly kind: 'pull-ended'; readonly unused: number | null }
  /** The consumer is of no use any more; another one continues. */
  | { readonly kind: 'lost' };

const PLACE = '$JS.ACK.';
const DOT = 46;
const ZERO = 48;
const NINE = 57;

/** What is looked at of a message. */
export interface Arrived extends Pick<Msg, 'subject' | 'reply' | 'data'> {
  readonly headers?: Pick<MsgHdrs, 'code' | 'description' | 'get'>;
}

export function parseDelivery(message: Arrived): Delivery {
  // What has a place in the stream is a message: its headers need not be read, which takes longer than all the rest.
  const { reply } = message;
  const stored = reply === undefined ? null : parsePlace(reply);
  if (stored !== null) {
    const { position, ordinal } = stored;
    return { kind: 'message', subject: message.subject, bytes: message.data, position, ordinal };
  }
  const code = message.headers?.code ?? 0;
  if (code === 100) return { kind: 'idle' };
  if (code === 404 || code === 408 || endsThePull(message)) return { kind: 'pull-ended', unused: unusedOf(message) };
  return { kind: 'lost' };
}

/** All of its messages came before its bytes were used up; or the next one would have made more bytes than were asked for. */
const ENDS = new Set(['Batch Completed', 'Message Size Exceeds MaxBytes']);

function endsThePull({ headers }: Arrived): boolean {
  return headers?.code === 409 && ENDS.has(headers.description);
}

function unusedOf({ headers }: Arrived): number | null {
  const text = headers?.get('Nats-Pending-Messages') ?? '';
  return /^\d+$/.test(text) ? Number(text) : null;
}

interface Place {
  readonly position: Position;
  readonly ordinal: number;
}

/**
 * `$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>`, newer servers put
 * `<domain>.<account>` before the stream and may append tokens. Null for any other subject.
 */
export function parsePlace(reply: string): Place | null {
  if (!reply.startsWith(PLACE)) return null;
  const dots: number[] = [];
  for (let dot = reply.indexOf('.'); dot !== -1; dot = reply.indexOf('.', dot + 1)) dots.push(dot);
  if (dots.length < 8) return null;
  const first = dots.length === 8 ? 4 : 6;
  const position = numberAt(reply, dots[first]);
  const ordinal = numberAt(reply, dots[first + 1]);
  return position > 0 && ordinal > 0 ? { position, ordinal } : null;
}

/** The token behind a dot; 0 if it is no number. */
function numberAt(reply: string, dot = reply.length): number {
  let value = 0;
  for (let index = dot + 1; index < reply.length; index += 1) {
    const code = reply.charCodeAt(index);
    if (code === DOT) break;
    if (code < ZERO || code > NINE) return 0;
    value = value * 10 + code - ZERO;
  }
  return value;
}
