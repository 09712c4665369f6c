// What nats-server needs to know of the platform, for processes that must stay small: no schema library comes with it.
export { type AgentKey, natsAuthorization, type NatsUser } from './nats-authorization.ts';
export { HEALTH_INBOX, HEALTH_SUBJECT, type NatsServerConfig, natsServerConfig } from './nats-server-config.ts';
export { type NatsRole, ROLES } from './subjects.ts';
