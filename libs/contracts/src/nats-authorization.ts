// The users' block of nats-server's configuration: one user a role, with its own subjects.
import { type NatsRole, rolePermissions } from './subjects.ts';

export interface NatsUser {
  readonly role: NatsRole;
  readonly user: string;
  readonly password: string;
  readonly nodeId?: string;
}

/** Text for a configuration file that has the rest. */
export function natsAuthorization(users: readonly NatsUser[]): string {
  return ['authorization {', '  users: [', ...users.map((user) => `    ${userBlock(user)}`), '  ]', '}'].join('\n');
}

function userBlock(user: NatsUser): string {
  const { publish, subscribe } = rolePermissions(user.role, user.nodeId);
  const permissions = `{ publish: ${list(publish)}, subscribe: ${list(subscribe)}, allow_responses: true }`;
  return `{ user: ${JSON.stringify(user.user)}, password: ${JSON.stringify(user.password)}, permissions: ${permissions} }`;
}

function list(subjects: readonly string[]): string {
  return `[${subjects.map((subject) => JSON.stringify(subject)).join(', ')}]`;
}
