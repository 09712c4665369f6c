// A connection of its own that does one thing: it takes a part of a stream off the wire, into parcels. The client's parser looks at each
// byte of a message's first line twice and makes a dozen objects of it, which is most of what a bare read costs.
// https://docs.nats.io/reference/reference-protocols/nats-protocol
import { MsgHdrsImpl } from '@nats-io/transport-node';
import { randomBytes } from 'node:crypto';
import { createConnection, type Socket } from 'node:net';
import { connect as secured } from 'node:tls';
import type { Position } from '../../port.ts';
import { parseDelivery, parsePlace } from '../delivery.ts';
import { Mailbox } from '../mailbox.ts';
import { BATCH, consumerConfiguration, HEARTBEAT_MS, MOST_SILENT, pullRequest } from '../pull-consumer.ts';
import { type Frame, FrameReader } from './frames.ts';
import { type Parcel, ParcelWriter } from './parcel.ts';

/** Where the stream is, and as whom it is read. */
export interface RawSource {
  readonly url: string;
  readonly login: { readonly user: string; readonly password: string } | null;
  /** Of the only subjects that it may listen to. */
  readonly inboxPrefix: string;
  readonly stream: string;
}

/** Whoever asked is connected already, and reads by itself when this fails. */
const CONNECT_WITHIN_MS = 2_000;
const [ANSWER, DELIVERY] = [1, 2];

/**
 * All after `after` up to `end`, in order, or as much as the server gives without trouble. Throws at the first sign of any: what is
 * lacking is to be read otherwise.
 */
export async function* readParcels(source: RawSource, after: Position, end: Position): AsyncGenerator<Parcel> {
  const reading = new RawReading(source, after, end);
  try {
    while (!reading.isOver) yield* await reading.take();
  } finally {
    reading.close();
  }
}

interface ServerInfo {
  readonly max_payload?: number;
}

class RawReading {
  readonly #source: RawSource;
  readonly #after: Position;
  readonly #end: Position;
  readonly #name = randomBytes(6).toString('base64url');
  readonly #inbox: string;
  /** All has come that will. */
  isOver = false;
  /** Null at the end. */
  readonly #mailbox = new Mailbox<Parcel | null>();
  readonly #writer = new ParcelWriter();
  #socket: Socket;
  #maxPayload: number | null = null;
  #failure: Error | null = null;
  #isReady = false;
  /** Messages that the server may still send, and such that came and were not taken. */
  #outstanding = 0;
  #untaken = 0;
  #ordinal = 0;

  constructor(source: RawSource, after: Position, end: Position) {
    const { protocol, hostname, port } = new URL(source.url);
    if (protocol !== 'nats:' && protocol !== 'tls:') throw new Error(`${protocol} is not spoken here`);
    this.#source = source;
    this.#after = after;
    this.#end = end;
    this.#inbox = `${source.inboxPrefix}.${this.#name}`;
    this.#socket = createConnection(Number(port || 4222), hostname.replace(/^\[(.*)\]$/, '$1'));
    this.#socket.setTimeout(CONNECT_WITHIN_MS);
    this.#listen();
  }

  /** What came since the last call, after waiting for something. Throws what went wrong. */
  async take(): Promise<readonly Parcel[]> {
    this.#pull();
    const taken = await this.#mailbox.takeAll();
    if (this.#failure) throw this.#failure;
    const parcels = taken.filter((parcel) => parcel !== null);
    this.isOver = parcels.length < taken.length;
    for (const { count } of parcels) this.#untaken -= count;
    return parcels;
  }

  /** Also tells the server, without waiting for it: it would forget the consumer by itself. */
  close(): void {
    this.#mailbox.close();
    if (this.#isReady && this.#failure === null)
      this.#publish(`$JS.API.CONSUMER.DELETE.${this.#source.stream}.${this.#name}`, '', {});
    this.#socket.end();
    this.#socket.unref();
  }

  #listen(): void {
    const frames = new FrameReader({
      message: (frame) => (frame.sid === ANSWER ? this.#made(frame) : this.#receive(frame)),
      line: (text) => this.#obey(text),
    });
    this.#socket
      .on('data', (chunk: Buffer) => {
        try {
          frames.push(chunk);
        } catch (error) {
          this.#fail(error);
        }
      })
      .on('timeout', () => {
        if (!this.#isReady || this.#outstanding > 0) this.#fail(new Error('the server has fallen silent'));
      })
      .on('error', (error) => this.#fail(error))
      .on('close', () => this.#fail(new Error('the server has closed the connection')));
  }

  #obey(line: string): void {
    if (line.startsWith('PING')) this.#socket.write('PONG\r\n');
    else if (line.startsWith('-ERR')) this.#fail(new Error(line));
    else if (line.startsWith('INFO ') && this.#maxPayload === null)
      this.#greet(JSON.parse(line.slice(5)) as ServerInfo);
  }

  #greet({ max_payload }: ServerInfo): void {
    this.#maxPayload = max_payload ?? 0;
    if (!this.#source.url.startsWith('tls:')) return this.#introduce();
    const socket = this.#socket.removeAllListeners();
    const servername = new URL(this.#source.url).hostname;
    this.#socket = secured({ socket, servername }, () => this.#introduce());
    this.#socket.setTimeout(CONNECT_WITHIN_MS);
    this.#listen();
  }

  #introduce(): void {
    const { login, stream } = this.#source;
    const about = { verbose: false, pedantic: false, headers: true, protocol: 1, lang: 'node', name: 'log reader' };
    const options = { ...about, ...(login ? { user: login.user, pass: login.password } : {}) };
    this.#socket.write(`CONNECT ${JSON.stringify(options)}\r\n`);
    this.#socket.write(`SUB ${this.#inbox}.made ${ANSWER}\r\nSUB ${this.#inbox}.got ${DELIVERY}\r\n`);
    const config = consumerConfiguration({ name: this.#name, from: this.#after + 1, filters: [] });
    this.#publish(`$JS.API.CONSUMER.CREATE.${stream}.${this.#name}`, 'made', {
      stream_name: stream,
      config,
      action: 'create',
    });
  }

  #made({ buffer, contentFrom, contentTo }: Frame): void {
    const { error } = JSON.parse(buffer.toString('utf8', contentFrom, contentTo)) as {
      readonly error?: { readonly description: string };
    };
    if (error) return this.#fail(new Error(error.description));
    this.#isReady = true;
    this.#socket.setTimeout(MOST_SILENT * HEARTBEAT_MS);
    this.#pull();
  }

  /** In time for the next parcels, but never so many that nobody takes. */
  #pull(): void {
    if (!this.#isReady || this.#outstanding + this.#untaken >= BATCH) return;
    this.#outstanding += BATCH;
    const { stream } = this.#source;
    this.#publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${this.#name}`, 'got', pullRequest(this.#maxPayload ?? 0));
  }

  #publish(subject: string, reply: string, content: object): void {
    const text = JSON.stringify(content);
    const to = reply === '' ? '' : `${this.#inbox}.${reply} `;
    this.#socket.write(`PUB ${subject} ${to}${Buffer.byteLength(text)}\r\n${text}\r\n`);
  }

  #receive(frame: Frame): void {
    const { buffer, replyFrom, replyTo } = frame;
    const place = replyTo > replyFrom ? parsePlace(buffer.toString('latin1', replyFrom, replyTo)) : null;
    if (place === null) return this.#heed(frame);
    this.#ordinal += 1;
    if (place.ordinal !== this.#ordinal) throw new Error('a message was lost on the way');
    this.#outstanding -= 1;
    if (place.position > this.#end) return;
    this.#untaken += 1;
    this.#hand(this.#writer.put(place.position, frame));
    if (place.position === this.#end) this.#finish();
  }

  /** What is no message of the stream tells of one's own pull or consumer. */
  #heed({ buffer, headersFrom, contentFrom }: Frame): void {
    const headers = MsgHdrsImpl.decode(buffer.subarray(headersFrom, contentFrom));
    const said = parseDelivery({ subject: this.#inbox, data: new Uint8Array(), headers });
    // It has no more: what is missing up to the end is gone, or somebody else may wait for it.
    if (said.kind === 'idle') return this.#finish();
    if (said.kind !== 'pull-ended') throw new Error('the server has let go of the consumer');
    this.#outstanding -= Math.min(this.#outstanding, said.unused ?? this.#outstanding);
  }

  #finish(): void {
    this.#hand(this.#writer.close());
    this.#mailbox.put(null);
  }

  #hand(parcel: Parcel | null): void {
    if (parcel !== null) this.#mailbox.put(parcel);
  }

  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
    this.#mailbox.close();
    this.#socket.destroy();
  }
}
