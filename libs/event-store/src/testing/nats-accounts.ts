// A server with many accounts: each test gets streams of its own without starting another server.
import { type NatsServer, startNatsServer } from '@baton/testkit';
import { connect, type NatsConnection } from '@nats-io/transport-node';

export interface AccountServer {
  readonly server: NatsServer;
  /** A connection to an account that nobody has used. */
  connect(): Promise<NatsConnection>;
  stop(): Promise<void>;
}

const ACCOUNTS = 100;

export async function startAccountServer(): Promise<AccountServer> {
  const names = Array.from({ length: ACCOUNTS }, (_, index) => `t${index}`);
  const accounts = names.map(
    (name) => `${name}: { jetstream: enabled, users: [{ user: ${name}, password: ${name} }] }`,
  );
  const server = await startNatsServer({ config: `accounts { ${accounts.join('\n')} }` });
  const connections: NatsConnection[] = [];
  return {
    server,
    async connect() {
      const user = names[connections.length];
      if (user === undefined) throw new Error('All accounts of the test server are used up.');
      const options = { servers: server.url, user, pass: user, maxReconnectAttempts: -1, reconnectTimeWait: 50 };
      const connection = await connect(options);
      connections.push(connection);
      return connection;
    },
    async stop() {
      await Promise.all(connections.map((connection) => connection.close()));
      await server.stop();
    },
  };
}
