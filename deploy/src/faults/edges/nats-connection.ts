// A process's connection to the simulated nats-server, as much of the client library's as the platform uses for its log.
import type { LeaseBucket } from '@baton/scheduler/core';
import type { NatsConnection, Status } from '@nats-io/transport-node';
import type { Kernel, SimulatedProcess } from '../kernel/kernel.ts';
import type { LeaseEntry, LeaseWrite } from './lease-keeper.ts';
import type { Answer, NatsServer } from './nats-server.ts';
import type { Network } from './network.ts';

const CALL_MS = 2_000;

interface Headers {
  keys(): string[];
  get(name: string): string;
}
interface RequestOptions {
  readonly timeout: number;
  readonly headers?: Headers;
}
interface PublishOptions {
  readonly headers?: Headers;
  readonly reply?: string;
}
interface Message {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers?: undefined;
  json(): unknown;
  readonly value: unknown;
}
type Listener = (error: null, message: Message) => void;

export interface ConnectionParts {
  readonly kernel: Kernel;
  readonly network: Network;
  readonly server: NatsServer;
  readonly process: SimulatedProcess;
}

export class SimulatedConnection {
  readonly #parts: ConnectionParts;
  readonly #listeners = new Map<string, Listener>();
  readonly #statuses: ((status: Status) => void)[] = [];
  /** Raised when the connection is made anew: answers on the old one don't come any more. */
  #epoch = 0;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
  }

  /** For the platform's own code. */
  get asNats(): NatsConnection {
    return this as unknown as NatsConnection;
  }

  isClosed(): boolean {
    return false;
  }

  isDraining(): boolean {
    return false;
  }

  async *status(): AsyncGenerator<Status> {
    for (;;) yield await new Promise<Status>((resolve) => this.#statuses.push(resolve));
  }

  /** The server was started again, or a cut is over. */
  reconnected(): void {
    this.#epoch += 1;
    const waiting = this.#statuses.splice(0);
    this.#parts.process.enter(() => {
      for (const tell of waiting) tell({ type: 'reconnect', server: 'simulated' } as Status);
    });
  }

  subscribe(subject: string, { callback }: { readonly callback: Listener }) {
    const prefix = subject.slice(0, subject.indexOf('*'));
    this.#listeners.set(prefix, callback);
    return { unsubscribe: () => void this.#listeners.delete(prefix) };
  }

  publish(subject: string, bytes: Uint8Array, { headers, reply = '' }: PublishOptions = {}): void {
    this.#send(subject, { bytes, headers }, (answer) => {
      for (const [prefix, listener] of this.#listeners)
        if (reply.startsWith(prefix)) listener(null, messageOf(reply, answer));
    });
  }

  request(subject: string, bytes: Uint8Array, { timeout, headers }: RequestOptions): Promise<Message> {
    const { kernel, process } = this.#parts;
    return new Promise((resolve, reject) => {
      const timer = kernel.schedule(process, timeout, () => reject(new Error('timeout')));
      this.#send(subject, { bytes, headers }, (answer) => {
        timer.cancelled = true;
        resolve(messageOf(subject, answer));
      });
    });
  }

  #send(
    subject: string,
    { bytes, headers }: { readonly bytes: Uint8Array; readonly headers: Headers | undefined },
    heard: (answer: Answer) => void,
  ): void {
    const { network, process, server } = this.#parts;
    const epoch = this.#epoch;
    const named = new Map(headers?.keys().map((name) => [name, headers.get(name)]));
    const isOurs = () => epoch === this.#epoch;
    network.toHub(process.machine, () =>
      server.serve({
        subject,
        bytes: Buffer.from(bytes),
        headers: named,
        reply: (answer) => network.fromHub(process, () => void (isOurs() && heard(answer))),
      }),
    );
  }

  get bucket(): LeaseBucket {
    const { server } = this.#parts;
    const write = async (change: LeaseWrite) => {
      const revision = await this.#call(() => server.lease.write(change));
      if (revision === null) throw new Error('wrong last sequence');
      return revision;
    };
    const bucket = {
      get: async () => kvEntry(await this.#call(() => server.lease.entry)),
      create: (_key: string, text: string) => write({ kind: 'create', text }),
      update: (_key: string, text: string, revision: number) => write({ kind: 'update', text, revision }),
      delete: async () => void (await write({ kind: 'delete' })),
    };
    return bucket as unknown as LeaseBucket;
  }

  #call<T>(ask: () => T): Promise<T> {
    const { kernel, process, network } = this.#parts;
    const epoch = this.#epoch;
    return new Promise((resolve, reject) => {
      const timer = kernel.schedule(process, CALL_MS, () => reject(new Error('timeout')));
      network.toHub(process.machine, () => {
        const answer = ask();
        network.fromHub(process, () => {
          if (epoch !== this.#epoch) return;
          timer.cancelled = true;
          resolve(answer);
        });
      });
    });
  }
}

function messageOf(subject: string, { text, value }: Answer): Message {
  return { subject, data: Buffer.from(text), json: () => JSON.parse(text) as unknown, value };
}

function kvEntry(entry: LeaseEntry | null) {
  if (entry === null) return null;
  const { operation, revision, text, createdAt } = entry;
  return { operation, revision, created: new Date(createdAt), json: () => JSON.parse(text) as unknown };
}
