// A small server that speaks what is used of KurrentDB's protocol: batch appends, reads and subscriptions of single streams.
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerWritableStream,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import featuresService from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/serverfeatures_grpc_pb.js';
import streamsService from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_grpc_pb.js';
import type {
  BatchAppendReq,
  BatchAppendResp,
  ReadReq,
  ReadResp,
} from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import { randomUUID } from 'node:crypto';
import { freePort } from '../free-port.ts';
import { KurrentLog, type LoggedEvent, type ProposedEvent } from './log.ts';
import {
  appendedMessage,
  confirmationMessage,
  eventMessage,
  expectedOf,
  nameOf,
  notFoundMessage,
  proposedOf,
  type ReadQuery,
  readQueryOf,
  supportedMethodsMessage,
  tooLargeMessage,
} from './messages.ts';

/** The server's own default. */
const MAX_APPEND_BYTES = 1_048_576;

/** What happens to the next append: `drop-after` commits it and then cuts every connection, `drop-before` cuts without that. */
export type AppendFault = 'drop-after' | 'drop-before' | 'hold';

export interface KurrentDbServer {
  /** Connection string for the client. */
  readonly url: string;
  /** How many appends have been carried out, repeats included. */
  readonly appends: number;
  /** How many appends are held. */
  readonly held: number;
  /** Faults for the next appends, in order. */
  failNext(...faults: readonly AppendFault[]): void;
  /** Lets the appends that are held take effect now. */
  release(): void;
  /** Cuts all connections; the log stays. */
  stop(): Promise<void>;
  /** Listens again on the same port. */
  restart(): Promise<void>;
}

export async function listenAsKurrentDb(): Promise<KurrentDbServer> {
  const port = await freePort();
  const server = new TestServer(port);
  await server.restart();
  return server;
}

class TestServer implements KurrentDbServer {
  readonly url: string;
  readonly #port: number;
  readonly #log = new KurrentLog();
  #faults: AppendFault[] = [];
  #held: (() => void)[] = [];
  #server: Server | null = null;
  appends = 0;

  constructor(port: number) {
    this.#port = port;
    this.url = `kurrentdb://127.0.0.1:${port}?tls=false`;
  }

  get held(): number {
    return this.#held.length;
  }

  failNext(...faults: readonly AppendFault[]): void {
    this.#faults.push(...faults);
  }

  release(): void {
    const held = this.#held;
    this.#held = [];
    for (const commit of held) commit();
  }

  async stop(): Promise<void> {
    this.#server?.forceShutdown();
    this.#server = null;
  }

  async restart(): Promise<void> {
    await this.stop();
    const server = new Server({ 'grpc.max_receive_message_length': 17 * 1_024 * 1_024 });
    server.addService(streamsService.StreamsService, this.#streams());
    server.addService(featuresService.ServerFeaturesService, {
      getSupportedMethods: (_call: unknown, answer: (error: null, value: unknown) => void) =>
        answer(null, supportedMethodsMessage()),
    });
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${this.#port}`, ServerCredentials.createInsecure(), (error) =>
        error === null ? resolve() : reject(error),
      );
    });
    this.#server = server;
  }

  #streams(): UntypedServiceImplementation {
    const refuse = (_call: unknown, answer: (error: object) => void): void =>
      answer({ code: status.UNIMPLEMENTED, details: 'not part of this server' });
    return {
      read: (call: ServerWritableStream<ReadReq, ReadResp>) => void this.#read(call),
      batchAppend: (call: ServerDuplexStream<BatchAppendReq, BatchAppendResp>) => this.#batchAppend(call),
      append: refuse,
      delete: refuse,
      tombstone: refuse,
    };
  }

  #batchAppend(call: ServerDuplexStream<BatchAppendReq, BatchAppendResp>): void {
    const parts = new Map<string, { first: BatchAppendReq; events: ProposedEvent[] }>();
    call.on('data', (request: BatchAppendReq) => {
      const id = request.getCorrelationId()?.getString() ?? '';
      const part = parts.get(id) ?? { first: request, events: [] };
      part.events.push(...proposedOf(request));
      parts.set(id, part);
      if (!request.getIsFinal()) return;
      parts.delete(id);
      this.#take(part.first, part.events, (response) => call.write(response));
    });
    call.on('end', () => call.end());
    call.on('error', () => undefined);
  }

  #take(request: BatchAppendReq, events: readonly ProposedEvent[], answer: (response: BatchAppendResp) => void): void {
    const options = request.getOptions();
    if (options === undefined) throw new Error('A batch without options.');
    const stream = nameOf(options.getStreamIdentifier());
    const commit = (): BatchAppendResp => {
      this.appends += 1;
      const bytes = events.reduce((sum, { data, metadata }) => sum + data.length + metadata.length, 0);
      if (bytes > MAX_APPEND_BYTES) return tooLargeMessage(request, stream, MAX_APPEND_BYTES);
      return appendedMessage(request, stream, this.#log.append(stream, events, expectedOf(options)));
    };
    const fault = this.#faults.shift();
    if (fault === undefined) return answer(commit());
    if (fault === 'hold') return void this.#held.push(() => answer(commit()));
    if (fault === 'drop-after') commit();
    void this.restart();
  }

  async #read(call: ServerWritableStream<ReadReq, ReadResp>): Promise<void> {
    const query = readQueryOf(call.request);
    if (query === null) return void call.emit('error', { code: status.UNIMPLEMENTED, details: 'only single streams' });
    if (query.follows) return this.#follow(call, query);
    const events = this.#log.read(query.stream, query);
    if (events === null) call.write(notFoundMessage(query.stream));
    await send(call, events ?? []);
    call.end();
  }

  /** A subscription begins behind the revision that it names. */
  async #follow(call: ServerWritableStream<ReadReq, ReadResp>, { stream, from }: ReadQuery): Promise<void> {
    let next = from === 'start' ? 0 : from === 'end' ? (this.#log.read(stream, ALL)?.length ?? 0) : from + 1;
    let wake = (): void => undefined;
    const stopListening = this.#log.onAppend(() => wake());
    call.on('cancelled', () => wake());
    call.write(confirmationMessage(randomUUID()));
    while (!call.cancelled) {
      const grown = new Promise<void>((resolve) => (wake = resolve));
      const events = this.#log.read(stream, { ...ALL, from: next }) ?? [];
      next += events.length;
      await send(call, events);
      if (events.length === 0) await grown;
    }
    stopListening();
  }
}

const ALL = { from: 'start', backwards: false, count: Number.MAX_SAFE_INTEGER } as const;

/** No faster than the client takes it. */
async function send(call: ServerWritableStream<ReadReq, ReadResp>, events: readonly LoggedEvent[]): Promise<void> {
  for (const event of events) {
    if (call.cancelled) return;
    if (!call.write(eventMessage(event))) await drained(call);
  }
}

function drained(call: ServerWritableStream<ReadReq, ReadResp>): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      call.off('drain', done).off('cancelled', done);
      resolve();
    };
    call.on('drain', done).on('cancelled', done);
  });
}
