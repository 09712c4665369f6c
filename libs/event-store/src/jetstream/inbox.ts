// Reply subjects under the connection's own inbox prefix, which is all that its role may listen to.
import { createInbox, type NatsConnection } from '@nats-io/transport-node';

/** A fresh subject for replies to this connection. */
export function newInbox(connection: NatsConnection): string {
  // The options are there at run time, and the library's own packages read them, but its public type does not show them.
  const { options } = connection as NatsConnection & { readonly options?: { readonly inboxPrefix?: string } };
  return createInbox(options?.inboxPrefix);
}
