// NATS: connection, typed request/reply, notes, and the server's configuration.
export { answer, type Call, type RawRequest } from './answer.ts';
export { Bus, type BusCredentials, type BusOptions, type CallContext, type CallOptions, connectBus } from './bus.ts';
export { Exchange, type LocalHandler } from './exchange.ts';
export { natsAuthorization, type NatsServerConfig, natsServerConfig, type NatsUser } from '@baton/contracts';
