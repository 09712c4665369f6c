// One service on a real nats-server with the real permissions, a folder of blobs, and callers in the roles around it.
import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BlobStore, openFileBlobStore } from '@baton/blob-store';
import { type NatsRole, type Principal, type RequestMeta, type Rpc, ROLES, type UploadedBlob } from '@baton/contracts';
import { type Bus, connectBus, natsAuthorization } from '@baton/messaging';
import { type Environment, type RunningService, startService, type ServiceDefinition } from '@baton/service-host';
import { startNatsServer, temporaryFolder } from '@baton/testkit';
import type { Static, TSchema } from 'typebox';
import { answerVision } from './groups.ts';

const PASSWORD = 'only-for-this-test';

export interface Stage {
  readonly blobs: BlobStore;
  /** A connection in another role; closed with the stage. */
  connect(role: NatsRole): Promise<Bus>;
  /** Calls the service as the gateway would. */
  call<Q extends TSchema, R extends TSchema>(
    operation: Rpc<Q, R>,
    principal: Principal,
    body: Static<Q>,
    meta?: Partial<RequestMeta>,
  ): Promise<Static<R>>;
  /** Stores content as the gateway does when an upload is finished. */
  upload(filename: string, content: string | Uint8Array): Promise<UploadedBlob>;
  /** Stops the service and starts it again; with `forget` its read store is gone. `meanwhile` happens while it is down. */
  restart(options?: { readonly forget?: boolean; readonly meanwhile?: () => Promise<void> }): Promise<void>;
  close(): Promise<void>;
}

export async function openStage<C extends TSchema & { properties: object }>(
  definition: ServiceDefinition<C>,
): Promise<Stage> {
  const folder = await temporaryFolder('baton-stage-');
  const server = await startNatsServer({ config: authorization() });
  const blobFolder = join(folder.path, 'blobs');
  const blobs = await openFileBlobStore({ folder: blobFolder });
  const readStore = join(folder.path, 'read');
  const environment = await environmentOf(folder.path, {
    role: definition.role,
    url: server.url,
    blobFolder,
    readStore,
  });
  let service: RunningService = await startService(definition, environment);
  const buses: Bus[] = [];
  const connect = async (role: NatsRole): Promise<Bus> => {
    const bus = await connectBus({ url: server.url, role, credentials: { user: role, password: PASSWORD } });
    buses.push(bus);
    return bus;
  };
  const [gateway, user] = await Promise.all([connect('gateway'), connect('user')]);
  answerVision(user);
  await user.connection.flush();
  return {
    blobs,
    connect,
    call: (operation, principal, body, meta = {}) =>
      gateway.call(operation, { principal, meta: { requestId: randomUUID(), ...meta } }, body),
    async upload(filename, content) {
      const { digest, sizeBytes } = await blobs.put(Buffer.from(content));
      return { uploadId: `upload-of-${filename}`, digest, sizeBytes, filename };
    },
    async restart({ forget = false, meanwhile } = {}) {
      await service.close();
      await meanwhile?.();
      if (forget) await rm(readStore, { recursive: true, force: true });
      service = await startService(definition, environment);
    },
    async close() {
      await service.close();
      await Promise.all(buses.map((bus) => bus.close()));
      await server.stop();
      await folder.cleanup();
    },
  };
}

/** The users and what they may do; port and storage are the test server's own. */
function authorization(): string {
  const users = ROLES.map((role) => ({ role, user: role, password: PASSWORD }));
  return natsAuthorization(users);
}

interface Places {
  readonly role: NatsRole;
  readonly url: string;
  readonly blobFolder: string;
  readonly readStore: string;
}

async function environmentOf(folder: string, { role, url, blobFolder, readStore }: Places): Promise<Environment> {
  const passwordFile = join(folder, 'password');
  const secretFile = join(folder, 'secret');
  await writeFile(passwordFile, PASSWORD, { mode: 0o600 });
  await writeFile(secretFile, 'the-secret-of-this-installation', { mode: 0o600 });
  return {
    BATON_NATS_URL: url,
    BATON_NATS_USER: role,
    BATON_NATS_PASSWORD_FILE: passwordFile,
    BATON_SECRET_FILE: secretFile,
    BATON_READ_STORE: `sqlite:${readStore}`,
    BATON_BLOB_FOLDER: blobFolder,
    BATON_LOG_LEVEL: 'fatal',
  };
}
