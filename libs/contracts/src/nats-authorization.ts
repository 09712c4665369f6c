// The users' block of nats-server's configuration: one user a role, and one an agent that has joined, each with its own subjects.
import { type NatsRole, rolePermissions } from './subjects.ts';

interface PasswordUser {
  readonly role: NatsRole;
  readonly user: string;
  readonly password: string;
  readonly nodeId?: string;
}

/** Its private half has never left the agent's server. */
export interface AgentKey {
  readonly role: 'agent';
  readonly publicKey: string;
  readonly nodeId: string;
}

export type NatsUser = PasswordUser | AgentKey;

/** Text for a configuration file that has the rest. */
export function natsAuthorization(users: readonly NatsUser[]): string {
  return ['authorization {', '  users: [', ...users.map((user) => `    ${userBlock(user)}`), '  ]', '}'].join('\n');
}

function userBlock(user: NatsUser): string {
  const { publish, subscribe } = rolePermissions(user.role, user.nodeId);
  const permissions = `{ publish: ${list(publish)}, subscribe: ${list(subscribe)}, allow_responses: true }`;
  return `{ ${credentials(user)}, permissions: ${permissions} }`;
}

function credentials(user: NatsUser): string {
  if ('publicKey' in user) return `nkey: ${JSON.stringify(user.publicKey)}`;
  return `user: ${JSON.stringify(user.user)}, password: ${JSON.stringify(user.password)}`;
}

function list(subjects: readonly string[]): string {
  return `[${subjects.map((subject) => JSON.stringify(subject)).join(', ')}]`;
}
