// The serving service on a real nats-server with its real permissions, and models that a stand-in of the model service knows.
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BlobStore, openFileBlobStore } from '@baton/blob-store';
import {
  type Manifest,
  modelRpc,
  type Principal,
  type ResolvedModel,
  type Rpc,
  subjects,
  userRpc,
} from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { canonicalJson, newId } from '@baton/event-store';
import { type Bus, connectBus, natsAuthorization } from '@baton/messaging';
import { startNatsServer, temporaryFolder } from '@baton/testkit';
import type { Static, TSchema } from 'typebox';
import { type Serving, startServing } from '../serving.module.ts';

export const VISION = { id: newId('group'), name: 'vision' };
export const alice = person('user', [VISION.id]);
export const bob = person('user');
export const admin = person('admin');
const TOKENS = new Map<string, Principal>([
  ['alice-token', alice],
  ['bob-token', bob],
  ['admin-token', admin],
]);
const ROLES_USED = ['user', 'model', 'gateway', 'serving'] as const;
type RoleUsed = (typeof ROLES_USED)[number];

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
}

export interface World {
  readonly url: string;
  /** How often the user service was asked about a token. */
  readonly authentications: () => number;
  call<Q extends TSchema, R extends TSchema>(
    operation: Rpc<Q, R>,
    principal: Principal,
    body: Static<Q>,
    idempotencyKey?: string,
  ): Promise<Static<R>>;
  /** Registers the files as the next version of the model. */
  addVersion(model: string, files: Readonly<Record<string, Uint8Array>>, kind?: 'weights' | 'code'): Promise<number>;
  http(
    method: string,
    path: string,
    options?: { readonly token?: string; readonly body?: unknown; readonly headers?: Record<string, string> },
  ): Promise<Answer>;
  revoke(token: string): Promise<void>;
  stopServing(): Promise<void>;
  startServing(options?: { readonly withoutReadModels: boolean }): Promise<void>;
  close(): Promise<void>;
}

export async function startWorld(settings: Readonly<Record<string, string>> = {}): Promise<World> {
  const folder = await temporaryFolder('baton-serving-');
  const at = (name: string) => join(folder.path, name);
  const passwords = Object.fromEntries(ROLES_USED.map((role) => [role, randomUUID()])) as Record<RoleUsed, string>;
  const nats = await startNatsServer({ config: authorizationBlock(passwords) });
  await Promise.all([
    writeFile(at('secret'), randomBytes(32).toString('hex')),
    writeFile(at('password'), passwords.serving),
    mkdir(at('read')),
  ]);
  const connect = (role: RoleUsed) =>
    connectBus({ url: nats.url, role, credentials: { user: role, password: passwords[role] } });
  const [users, models, gateway] = await Promise.all([connect('user'), connect('model'), connect('gateway')]);
  const blobs = await openFileBlobStore({ folder: at('blobs') });
  const catalogue = answerModels(models, blobs);
  const tokens = answerUsers(users);
  const environment = { ...environmentOf(nats.url, at), ...settings };
  let serving: Serving | null = await startServing(environment);
  await serving.loaded;
  const world: World = {
    get url() {
      return serving?.url ?? '';
    },
    authentications: () => tokens.asked(),
    call: (operation, principal, body, idempotencyKey) =>
      gateway.call(
        operation,
        { principal, meta: { requestId: randomUUID(), ...(idempotencyKey === undefined ? {} : { idempotencyKey }) } },
        body,
      ),
    addVersion: (model, files, kind) => catalogue.add(model, files, kind),
    http: (method, path, options = {}) => http(`${world.url}${path}`, method, options),
    async revoke(token) {
      tokens.revoke(token);
      await users.connection.flush();
    },
    async stopServing() {
      await serving?.close();
      serving = null;
    },
    async startServing({ withoutReadModels } = { withoutReadModels: false }) {
      if (withoutReadModels) await rm(at('read'), { recursive: true });
      await mkdir(at('read'), { recursive: true });
      serving = await startServing(environment);
      await serving.loaded;
    },
    async close() {
      await world.stopServing();
      await Promise.all([users.close(), models.close(), gateway.close()]);
      await nats.stop();
      await folder.cleanup();
    },
  };
  return world;
}

/** The request of one row of floats for input `x`. */
export function row(...values: readonly number[]): object {
  return { inputs: [{ name: 'x', shape: [1, values.length], datatype: 'FP32', data: values }] };
}

async function http(
  url: string,
  method: string,
  options: { token?: string; body?: unknown; headers?: Record<string, string> },
): Promise<Answer> {
  const { token, body, headers } = options;
  const response = await fetch(url, {
    method,
    headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
    // Bytes carry no content type, as with the protocol's own client.
    ...(body === undefined ? {} : { body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
}

function environmentOf(natsUrl: string, at: (name: string) => string): Record<string, string> {
  return {
    BATON_NATS_URL: natsUrl,
    BATON_NATS_USER: 'serving',
    BATON_NATS_PASSWORD_FILE: at('password'),
    BATON_SECRET_FILE: at('secret'),
    BATON_READ_STORE: `sqlite:${at('read')}`,
    BATON_BLOB_FOLDER: at('blobs'),
    BATON_SERVING_PORT: '0',
    BATON_LOG_LEVEL: 'fatal',
  };
}

function person(role: Principal['role'], groups: string[] = []): Principal {
  return { kind: 'user', userId: newId('user'), role, groups, credentialId: newId('token') };
}

function authorizationBlock(passwords: Readonly<Record<RoleUsed, string>>): string {
  const users = ROLES_USED.map((role) => ({ role, user: role, password: passwords[role] }));
  return natsAuthorization(users);
}

/** Answers who a token stands for and which group is meant, as the user service does. */
function answerUsers(bus: Bus): { asked: () => number; revoke: (token: string) => void } {
  let asked = 0;
  const revoked = new Set<string>();
  bus.handle(userRpc.authenticate, async ({ body }) => {
    asked++;
    const principal = revoked.has(body.token) ? undefined : TOKENS.get(body.token);
    if (!principal) throw new PlatformError('unauthenticated', 'The token is not valid.');
    return principal;
  });
  bus.handle(userRpc.resolveGroup, async ({ principal, body: { ref } }) => {
    if (ref !== VISION.name || !principal.groups.includes(VISION.id))
      throw new PlatformError('not_found', `There is no group "${ref}".`);
    return { groupId: VISION.id, groupName: VISION.name };
  });
  return {
    asked: () => asked,
    revoke(token) {
      revoked.add(token);
      bus.publish(subjects.credentialsChanged, {});
    },
  };
}

/** Models with their versions, everybody's to read but for those whose name starts with "private". */
function answerModels(bus: Bus, blobs: BlobStore) {
  const known = new Map<string, Static<typeof ResolvedModel>[]>();
  bus.handle(modelRpc.resolve, async ({ body, principal }) => {
    const versions = known.get(body.ref) ?? [...known.values()].find((list) => list[0]?.modelId === body.ref);
    const found = body.version === 'latest' ? versions?.at(-1) : versions?.[body.version - 1];
    if (!found || (body.ref.startsWith('private') && principal.role !== 'admin'))
      throw new PlatformError('not_found', 'There is no such model.');
    return found;
  });
  return {
    async add(
      model: string,
      contents: Readonly<Record<string, Uint8Array>>,
      kind: 'weights' | 'code' = 'weights',
    ): Promise<number> {
      const files: Manifest['files'] = [];
      for (const [path, content] of Object.entries(contents)) files.push({ path, ...(await blobs.put(content)) });
      const { digest, sizeBytes } = await blobs.put(Buffer.from(canonicalJson({ files })));
      const versions = known.get(model) ?? [];
      const version = versions.length + 1;
      const modelId = versions[0]?.modelId ?? newId('model');
      known.set(model, [...versions, { modelId, modelName: model, version, kind, digest, sizeBytes }]);
      return version;
    },
  };
}
