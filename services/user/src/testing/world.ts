// The user service on a real nats-server, and a gateway that calls it: for tests.
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type NatsRole,
  type Principal,
  type RequestMeta,
  type Rpc,
  subjects,
  systemPrincipal,
  userRpc,
} from '@baton/contracts';
import { type Bus, connectBus, natsAuthorization } from '@baton/messaging';
import { type Environment, type RunningService, startService } from '@baton/service-host';
import { type NatsServer, startNatsServer, temporaryFolder, type TemporaryFolder } from '@baton/testkit';
import type { Static, TSchema } from 'typebox';
import { userService } from '../definition.ts';

export const ADMIN_TOKEN = randomBytes(24).toString('base64url');
export const anonymous: Principal = {
  kind: 'user',
  userId: 'anonymous',
  role: 'user',
  groups: [],
  credentialId: 'anonymous',
};
export const scheduler = systemPrincipal('scheduler');
export const PASSWORD = 'correct horse battery';

type Meta = Partial<RequestMeta>;
type Passwords = Readonly<Record<(typeof ROLES_USED)[number], string>>;

const ROLES_USED = ['user', 'gateway', 'operator'] as const;

export async function startWorld({ authorization = true } = {}): Promise<World> {
  const folder = await temporaryFolder('baton-user-');
  const passwords: Passwords = { user: randomUUID(), gateway: randomUUID(), operator: randomUUID() };
  const nats = await startNatsServer(authorization ? { config: authorizationBlock(passwords) } : {});
  await mkdir(join(folder.path, 'read'));
  await writeFile(join(folder.path, 'secret'), randomBytes(32).toString('hex'), { mode: 0o600 });
  await writeFile(join(folder.path, 'nats-password'), passwords.user, { mode: 0o600 });
  const credentials = authorization ? { credentials: { user: 'gateway', password: passwords.gateway } } : {};
  const gateway = await connectBus({ url: nats.url, role: 'gateway', ...credentials });
  const world = new World(folder, nats, gateway, authorization);
  await world.startService();
  return world;
}

export class World {
  readonly gateway: Bus;
  readonly keysFolder: string;
  readonly readFolder: string;
  /** Holds every byte of the log as it lies on disk. */
  readonly logFolder: string;
  readonly adminTokenFile: string;
  readonly #folder: TemporaryFolder;
  readonly #nats: NatsServer;
  readonly #environment: Environment;
  #service: RunningService | null = null;

  constructor(folder: TemporaryFolder, nats: NatsServer, gateway: Bus, authorization: boolean) {
    const at = (name: string) => join(folder.path, name);
    this.gateway = gateway;
    this.keysFolder = at('keys');
    this.readFolder = at('read');
    this.logFolder = nats.storeDir;
    this.adminTokenFile = at('admin-token');
    this.#folder = folder;
    this.#nats = nats;
    this.#environment = {
      BATON_NATS_URL: nats.url,
      ...(authorization ? { BATON_NATS_USER: 'user', BATON_NATS_PASSWORD_FILE: at('nats-password') } : {}),
      BATON_SECRET_FILE: at('secret'),
      BATON_READ_STORE: `sqlite:${at('read')}`,
      BATON_KEYS_FOLDER: at('keys'),
      BATON_ADMIN_TOKEN_FILE: at('admin-token'),
      BATON_LOG_LEVEL: 'error',
    };
  }

  call<Q extends TSchema, R extends TSchema>(
    operation: Rpc<Q, R>,
    principal: Principal,
    body: Static<Q>,
    meta: Meta = {},
  ): Promise<Static<R>> {
    return this.gateway.call(operation, { principal, meta: { requestId: randomUUID(), ...meta } }, body);
  }

  authenticate(token: string): Promise<Principal> {
    return this.call(userRpc.authenticate, anonymous, { token });
  }

  /** The first admin, logged in. */
  async admin(): Promise<Principal> {
    await this.writeAdminToken();
    const form = { token: ADMIN_TOKEN, email: 'Root@Example.org', name: 'Root', password: PASSWORD };
    await this.call(userRpc.signUp, anonymous, form);
    return (await this.logIn('root@example.org')).principal;
  }

  /** Somebody invited and signed up, logged in. */
  async person(email: string): Promise<Principal> {
    const root = (await this.logIn('root@example.org')).principal;
    const { token } = await this.call(userRpc.createInvite, root, {});
    const name = email.split('@')[0] ?? email;
    await this.call(userRpc.signUp, anonymous, { token, email, name, password: PASSWORD });
    return (await this.logIn(email)).principal;
  }

  async logIn(email: string, password = PASSWORD): Promise<{ token: string; principal: Principal }> {
    const { token } = await this.call(userRpc.logIn, anonymous, { email, password });
    return { token, principal: await this.authenticate(token) };
  }

  writeAdminToken(): Promise<void> {
    return writeFile(this.adminTokenFile, `${ADMIN_TOKEN}\n`, { mode: 0o600 });
  }

  /** The next thing that the service tells caches of principals. */
  nextNote(): Promise<unknown> {
    return new Promise((resolve) => {
      const subscription = this.gateway.subscribe(subjects.credentialsChanged, (payload) => {
        subscription.unsubscribe();
        resolve(payload);
      });
    });
  }

  async startService(): Promise<void> {
    this.#service = await startService(userService, this.#environment);
  }

  async stopService(): Promise<void> {
    await this.#service?.close();
    this.#service = null;
  }

  async forgetReadModels(): Promise<void> {
    await rm(this.readFolder, { recursive: true });
    await mkdir(this.readFolder);
  }

  async close(): Promise<void> {
    await this.stopService();
    await this.gateway.close();
    await this.#nats.stop();
    await this.#folder.cleanup();
  }
}

/** Just the part about users: the test server has its own port and store. */
function authorizationBlock(passwords: Readonly<Partial<Record<NatsRole, string>>>): string {
  const users = Object.entries(passwords).map(([role, password]) => ({ role: role as NatsRole, user: role, password }));
  return natsAuthorization(users);
}
