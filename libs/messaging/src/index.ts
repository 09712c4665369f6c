// NATS: connection, typed request/reply, notes, and the server's configuration.
export { answer, type Call, type RawRequest } from './answer.ts';
export { Bus, type BusOptions, type CallContext, type CallOptions, connectBus } from './bus.ts';
export { type NatsServerConfig, natsServerConfig } from './nats-config.ts';
export { natsAuthorization, type NatsUser } from '@baton/contracts';
