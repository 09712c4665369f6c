// A TCP proxy that stands for the network between two machines: it cuts, both ways or one, and delays. What it holds back arrives later.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** `up`: from who connects to who listens. */
export type Way = 'up' | 'down';

export interface TcpProxy {
  readonly port: number;
  /** From now on nothing passes, not even the end of a connection, as on a network that drops all packets; new connections hang. */
  cut(...ways: readonly Way[]): void;
  /** What was held back passes, as TCP sends it again; in order. */
  heal(): void;
  /** Each byte takes so long, each way. */
  delay(ms: number): void;
  close(): Promise<void>;
}

/** To a port of this machine. */
export async function tcpProxy(targetPort: number): Promise<TcpProxy> {
  const network = new Network();
  const server = createServer({ allowHalfOpen: true }, (client) => network.join(client, targetPort));
  const port = await listening(server);
  return {
    port,
    cut: (...ways) => network.cut(ways),
    heal: () => network.heal(),
    delay: (ms) => void (network.delayMs = ms),
    async close() {
      const closed = once(server, 'close');
      server.close();
      network.end();
      await closed;
    },
  };
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The operating system gave no port.');
  return address.port;
}

interface Held {
  /** null: its end. */
  readonly bytes: Buffer | null;
  readonly dueAt: number;
}

class Network {
  delayMs = 0;
  readonly #cut = new Set<Way>();
  readonly #sockets = new Set<Socket>();
  #healed = Promise.withResolvers<void>();
  #isOver = false;

  cut(ways: readonly Way[]): void {
    for (const way of ways) this.#cut.add(way);
  }

  heal(): void {
    this.#cut.clear();
    this.#healed.resolve();
    this.#healed = Promise.withResolvers<void>();
  }

  end(): void {
    this.#isOver = true;
    this.heal();
    for (const socket of this.#sockets) socket.destroy();
  }

  join(client: Socket, port: number): void {
    const server = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    for (const socket of [client, server]) {
      this.#sockets.add(socket.setNoDelay(true));
      socket.on('error', () => {});
      socket.once('close', () => this.#sockets.delete(socket));
    }
    this.#carry('up', client, server);
    this.#carry('down', server, client);
  }

  #carry(way: Way, from: Socket, to: Socket): void {
    const held: Held[] = [];
    let isCarrying = false;
    const take = (bytes: Buffer | null): void => {
      held.push({ bytes, dueAt: performance.now() + this.delayMs });
      // What a machine's buffers hold: beyond that, the sender waits.
      if (held.length > 64) from.pause();
      if (isCarrying) return;
      isCarrying = true;
      void this.#deliver(way, held, { from, to }).then(() => (isCarrying = false));
    };
    from.on('data', take);
    from.once('end', () => take(null));
    from.once('close', () => take(null));
  }

  async #deliver(way: Way, held: Held[], { from, to }: { readonly from: Socket; readonly to: Socket }): Promise<void> {
    for (let next = held[0]; next !== undefined; next = held[0]) {
      while (this.#cut.has(way)) await this.#healed.promise;
      if (this.#isOver) return;
      const earlyMs = next.dueAt - performance.now();
      if (earlyMs > 0) await sleep(earlyMs);
      held.shift();
      if (next.bytes === null) to.end();
      else if (!to.destroyed) to.write(next.bytes);
      if (held.length === 0) from.resume();
    }
  }
}
