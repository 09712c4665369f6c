// A connection of its own that does one thing: it takes a part of a stream off the wire, into parcels. The client's parser looks at each
// byte of a message's first line twice and makes a dozen objects of it, which is most of what a bare read costs.
// https://docs.nats.io/reference/reference-protocols/nats-protocol
import { randomBytes } from 'node:crypto';
import { createConnection, isIP, type Socket } from 'node:net';
import { connect as secured } from 'node:tls';
import type { Position } from '../../port.ts';
import { BATCH, consumerConfiguration, HEARTBEAT_MS, MOST_SILENT, pullRequest } from '../consumer-requests.ts';
import { type Arrived, parseDelivery, parsePlace } from '../delivery.ts';
import { Mailbox } from '../mailbox.ts';
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
  readonly tls_required?: boolean;
}

class RawReading {
  readonly #source: RawSource;
  readonly #after: Position;
  readonly #end: Position;
  readonly #name = randomBytes(6).toString('base64url');
  readonly #inbox: string;
  readonly #host: string;
  readonly #isSecure: boolean;
  /** All has come that will. */
  isOver = false;
  /** Null at the end. */
  readonly #mailbox = new Mailbox<Parcel | null>();
  readonly #writer = new ParcelWriter();
  #socket: Socket;
  #maxPayload: number | null = null;
  #failure: Error | null = null;
  #isReady = false;
  #isFinished = false;
  /** Somebody waits in `take`. */
  #isAwaited = false;
  #patience: NodeJS.Timeout;
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
    this.#isSecure = protocol === 'tls:';
    this.#host = hostname.replace(/^\[(.*)\]$/, '$1');
    this.#patience = setTimeout(() => this.#lookAround(), CONNECT_WITHIN_MS);
    this.#socket = createConnection(Number(port || 4222), this.#host).setNoDelay(true);
    this.#listen();
  }

  /** What came since the last call, after waiting for something. Throws what went wrong. */
  async take(): Promise<readonly Parcel[]> {
    this.#pull();
    this.#isAwaited = true;
    const taken = await this.#mailbox.takeAll();
    this.#isAwaited = false;
    if (this.#failure) throw this.#failure;
    const parcels = taken.filter((parcel) => parcel !== null);
    this.isOver = parcels.length < taken.length;
    for (const { count } of parcels) this.#untaken -= count;
    return parcels;
  }

  /** Also tells the server, without waiting for it: it would forget the consumer by itself. */
  close(): void {
    clearTimeout(this.#patience);
    this.#mailbox.close();
    if (this.#isReady && this.#failure === null)
      this.#socket.write(this.#published(`$JS.API.CONSUMER.DELETE.${this.#source.stream}.${this.#name}`, '', {}));
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
      .on('error', (error) => this.#fail(error))
      // Before anything is written to what nobody reads any more.
      .on('end', () => this.#fail(new Error('the server has closed the connection')))
      .on('close', () => this.#fail(new Error('the server has closed the connection')));
  }

  /** Nothing has come for long. Where nobody waits for it, it may be that nothing was asked for. */
  #lookAround(): void {
    if (this.#isReady && !this.#isAwaited) this.#patience.refresh();
    else this.#fail(new Error('the server has fallen silent'));
  }

  #obey(line: string): void {
    if (line.startsWith('PING')) this.#socket.write('PONG\r\n');
    else if (line.startsWith('-ERR')) this.#fail(new Error(line));
    else if (line.startsWith('INFO ') && this.#maxPayload === null)
      this.#greet(JSON.parse(line.slice(5)) as ServerInfo);
  }

  #greet({ max_payload, tls_required = false }: ServerInfo): void {
    this.#maxPayload = max_payload ?? 0;
    if (!this.#isSecure && tls_required) return this.#fail(new Error('the server wants TLS'));
    if (!this.#isSecure) return this.#introduce();
    // What has been heard of the bare one is for the one around it.
    const socket = this.#socket.removeAllListeners();
    const name = isIP(this.#host) === 0 ? { servername: this.#host } : {};
    this.#socket = secured({ socket, host: this.#host, ...name }, () => this.#introduce());
    this.#listen();
  }

  #introduce(): void {
    const { login, stream } = this.#source;
    const about = { verbose: false, pedantic: false, headers: true, protocol: 1, lang: 'node', name: 'log reader' };
    const options = { ...about, ...(login ? { user: login.user, pass: login.password } : {}) };
    const config = consumerConfiguration({ name: this.#name, from: this.#after + 1, filters: [] });
    const wanted = { stream_name: stream, config, action: 'create' };
    this.#socket.write(
      `CONNECT ${JSON.stringify(options)}\r\nSUB ${this.#inbox}.made ${ANSWER}\r\nSUB ${this.#inbox}.got ${DELIVERY}\r\n` +
        this.#published(`$JS.API.CONSUMER.CREATE.${stream}.${this.#name}`, 'made', wanted),
    );
  }

  #made({ buffer, contentFrom, contentTo }: Frame): void {
    const { error } = JSON.parse(buffer.toString('utf8', contentFrom, contentTo)) as {
      readonly error?: { readonly description: string };
    };
    if (error) return this.#fail(new Error(error.description));
    this.#isReady = true;
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => this.#lookAround(), MOST_SILENT * HEARTBEAT_MS);
    this.#pull();
  }

  /** In time for the next parcels, but never so many that nobody takes. */
  #pull(): void {
    if (!this.#isReady || this.#outstanding + this.#untaken >= BATCH) return;
    this.#outstanding += BATCH;
    const { stream } = this.#source;
    const wanted = pullRequest(this.#maxPayload ?? 0);
    this.#socket.write(this.#published(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${this.#name}`, 'got', wanted));
  }

  #published(subject: string, reply: string, content: object): string {
    const text = JSON.stringify(content);
    const to = reply === '' ? '' : `${this.#inbox}.${reply} `;
    return `PUB ${subject} ${to}${Buffer.byteLength(text)}\r\n${text}\r\n`;
  }

  #receive(frame: Frame): void {
    this.#patience.refresh();
    const { buffer, replyFrom, replyTo } = frame;
    const place = replyTo > replyFrom ? parsePlace(buffer.toString('latin1', replyFrom, replyTo)) : null;
    if (place === null) return this.#heed(frame);
    this.#ordinal += 1;
    if (place.ordinal !== this.#ordinal) throw new Error('a message was lost on the way');
    this.#outstanding -= 1;
    if (place.position <= this.#end) {
      this.#untaken += 1;
      this.#hand(this.#writer.put(place.position, frame));
    }
    if (place.position >= this.#end) this.#finish();
  }

  /** What is no message of the stream tells of one's own pull or consumer. */
  #heed({ buffer, headersFrom, contentFrom }: Frame): void {
    const headers = statusIn(buffer.toString('latin1', headersFrom, contentFrom));
    const said = parseDelivery({ subject: this.#inbox, data: new Uint8Array(), headers });
    // The server has no more: what is missing up to the end is gone from the stream.
    if (said.kind === 'idle') return this.#finish();
    if (said.kind !== 'pull-ended') throw new Error('the server has let go of the consumer');
    this.#outstanding -= Math.min(this.#outstanding, said.unused ?? this.#outstanding);
    // Who waits for a parcel asks for nothing, and what came may be less than one.
    if (this.#mailbox.size === 0) this.#pull();
  }

  #finish(): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
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

/** "NATS/1.0 409 Batch Completed", and below it names and values. */
function statusIn(text: string): NonNullable<Arrived['headers']> {
  const [status = '', ...lines] = text.split('\r\n');
  const [, code = '0', ...words] = status.split(' ');
  const get = (name: string) => lines.find((line) => line.startsWith(`${name}:`))?.slice(name.length + 1) ?? '';
  return { code: Number(code), description: words.join(' '), get: (name) => get(name).trim() };
}
