// What happens to a NATS connection, told to all who listen: one reader of its status for each connection.
import type { NatsConnection, Status } from '@nats-io/transport-node';

type Listener = (status: Status) => void;

const listenersOf = new WeakMap<NatsConnection, Set<Listener>>();

/** Calls `listener` with every change of the connection's status until the returned function is called. */
export function onStatus(connection: NatsConnection, listener: Listener): () => void {
  let listeners = listenersOf.get(connection);
  if (listeners === undefined) {
    listeners = new Set();
    listenersOf.set(connection, listeners);
    void tell(connection, listeners);
  }
  const all = listeners.add(listener);
  return () => void all.delete(listener);
}

async function tell(connection: NatsConnection, listeners: ReadonlySet<Listener>): Promise<void> {
  for await (const status of connection.status()) {
    for (const listener of listeners) listener(status);
  }
}
