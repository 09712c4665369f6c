// A real gateway on a real nats-server, with room for small responders in the services' place.
import { type NatsRole, type Principal, rolePermissions, type Rpc, userRpc } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { type Bus, type Call, connectBus } from '@baton/messaging';
import { type NatsServer, startNatsServer, temporaryFolder, type TemporaryFolder } from '@baton/testkit';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Static, TSchema } from 'typebox';
import { type RunningGateway, startGateway } from '../start.ts';

export const ALICE = 'usr_aaaaaaaaaaaaaaaaaaaaaaaaaa';
export const BOB = 'usr_bbbbbbbbbbbbbbbbbbbbbbbbbb';
export const JOB = 'job_jjjjjjjjjjjjjjjjjjjjjjjjjj';

export interface GatewayFixture {
  readonly nats: NatsServer;
  readonly folder: TemporaryFolder;
  readonly environment: Record<string, string>;
  readonly gateway: RunningGateway;
  /** Speaks for all services. */
  readonly services: Bus;
  /** Replaces what answers an operation. */
  answer<Q extends TSchema, R extends TSchema>(
    rpc: Rpc<Q, R>,
    handler: (call: Call<Q>) => Promise<Static<R>> | Static<R>,
  ): void;
  fetch(path: string, init?: RequestInit & { token?: string | null }): Promise<Response>;
  stop(): Promise<void>;
}

/** `alice` and `bob` are tokens of users, the others of a job of Alice's: `job` as earlier releases made them, and each attempt's. */
const PRINCIPALS: Record<string, Principal> = {
  alice: { kind: 'user', userId: ALICE, role: 'user', groups: [], credentialId: 'tok_a' },
  bob: { kind: 'user', userId: BOB, role: 'user', groups: [], credentialId: 'tok_b' },
  job: { kind: 'job', userId: ALICE, role: 'user', groups: [], credentialId: 'tok_j', jobId: JOB },
  attempt1: { kind: 'job', userId: ALICE, role: 'user', groups: [], credentialId: 'tok_1', jobId: JOB, attempt: 1 },
  attempt2: { kind: 'job', userId: ALICE, role: 'user', groups: [], credentialId: 'tok_2', jobId: JOB, attempt: 2 },
};

export async function startFixture(overrides: Record<string, string> = {}): Promise<GatewayFixture> {
  const folder = await temporaryFolder('baton-gateway-');
  const nats = await startNatsServer({ config: authorization(['gateway', 'operator']) });
  const passwordFile = join(folder.path, 'password');
  await writeFile(passwordFile, 'secret', { mode: 0o600 });
  const environment = {
    BATON_NATS_URL: nats.url,
    BATON_NATS_USER: 'gateway',
    BATON_NATS_PASSWORD_FILE: passwordFile,
    BATON_PORT: '0',
    BATON_UPLOAD_FOLDER: join(folder.path, 'uploads'),
    BATON_BLOB_FOLDER: join(folder.path, 'blobs'),
    BATON_LOG_LEVEL: 'fatal',
    ...overrides,
  };
  const services = await connectBus({
    url: nats.url,
    role: 'operator',
    credentials: { user: 'operator', password: 'secret' },
  });
  const answer = responder(services);
  answer(userRpc.authenticate, ({ body }) => principalOf(body.token));
  await services.connection.flush();
  const gateway = await startGateway(environment);
  return {
    nats,
    folder,
    environment,
    gateway,
    services,
    answer,
    fetch: async (path, { token = 'alice', headers, ...init } = {}) => {
      // A responder that was just replaced is known to the server.
      await services.connection.flush();
      const all = new Headers(headers);
      if (token !== null) all.set('authorization', `Bearer ${token}`);
      return fetch(`${gateway.url}${path}`, { redirect: 'manual', ...init, headers: all });
    },
    stop: async () => {
      await gateway.close();
      await services.close();
      await nats.stop();
      await folder.cleanup();
    },
  };
}

export function json(method: string, body: unknown, headers: Record<string, string> = {}): RequestInit {
  return { method, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

function responder(services: Bus): GatewayFixture['answer'] {
  const subscriptions = new Map<string, { unsubscribe(): void }>();
  return (rpc, handler) => {
    subscriptions.get(rpc.subject)?.unsubscribe();
    subscriptions.set(
      rpc.subject,
      services.handle(rpc, async (call) => handler(call)),
    );
  };
}

function principalOf(token: string): Principal {
  const principal = PRINCIPALS[token];
  if (!principal) throw new PlatformError('unauthenticated', 'The token is not valid. Log in again.');
  return principal;
}

/** The roles' own permissions, so that what the gateway lacks shows here. */
function authorization(roles: readonly NatsRole[]): string {
  const users = roles.map((role) => {
    const { publish, subscribe } = rolePermissions(role);
    const permissions = `{ publish: ${JSON.stringify(publish)}, subscribe: ${JSON.stringify(subscribe)}, allow_responses: true }`;
    return `{ user: "${role}", password: "secret", permissions: ${permissions} }`;
  });
  return `authorization { users: [ ${users.join(', ')} ] }`;
}
