// Many agents in one process, as far as their words go: each joins by REST with a key of its own, connects to NATS and keeps its heartbeat.
import { createHash, createPrivateKey, type KeyObject, randomBytes, randomUUID, sign } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { inboxPrefix, type NodeDescription, subjects, systemPrincipal } from '@baton/contracts';
import type { BatonClient } from '@baton/sdk';
import { connect, type ConnectionOptions, type NatsConnection, nkeys } from '@nats-io/transport-node';
import { send } from './rest.ts';

/** As agents do unless they are told otherwise. */
const HEARTBEAT_MS = 2_000;
const CALL_TIMEOUT_MS = 5_000;
const KNOWN_WITHIN_MS = 30_000;

const JOINING_AT_ONCE = 20;

interface Joined {
  readonly name: string;
  readonly nodeId: string;
  readonly natsUrl: string;
  readonly publicKey: string;
  readonly key: KeyObject;
}

export class ProtocolAgent {
  readonly #connection: NatsConnection;
  readonly #nodeId: string;
  readonly #name: string;
  readonly #timer: NodeJS.Timeout;

  private constructor(connection: NatsConnection, nodeId: string, name: string) {
    this.#connection = connection;
    this.#nodeId = nodeId;
    this.#name = name;
    this.#timer = setInterval(() => this.#sync(), HEARTBEAT_MS);
    this.#sync();
    void this.#followStatus();
  }

  /** As many at once as an admin would hardly add; connected when nats-server knows all of them. */
  static async join(admin: BatonClient, count: number): Promise<ProtocolAgent[]> {
    const joined: Joined[] = [];
    for (let first = 0; first < count; first += JOINING_AT_ONCE) {
      const names = Array.from({ length: Math.min(JOINING_AT_ONCE, count - first) }, (_, i) => `node-${first + i}`);
      joined.push(...(await Promise.all(names.map((name) => join(admin, name)))));
    }
    const agents: ProtocolAgent[] = [];
    for (let first = 0; first < count; first += JOINING_AT_ONCE) {
      const batch = joined.slice(first, first + JOINING_AT_ONCE);
      agents.push(...(await Promise.all(batch.map((each) => ProtocolAgent.#connect(each)))));
    }
    return agents;
  }

  static async #connect({ name, nodeId, natsUrl, publicKey, key }: Joined): Promise<ProtocolAgent> {
    const connection = await untilKnown({
      servers: natsUrl,
      inboxPrefix: inboxPrefix('agent', nodeId),
      authenticator: (nonce) => ({
        nkey: publicKey,
        sig: sign(null, Buffer.from(nonce ?? ''), key).toString('base64url'),
      }),
      timeout: 20_000,
      ignoreAuthErrorAbort: true,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      reconnectJitter: 100,
    });
    return new ProtocolAgent(connection, nodeId, name);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#connection.close();
  }

  async #followStatus(): Promise<void> {
    for await (const { type } of this.#connection.status()) if (type === 'reconnect') this.#sync();
  }

  #sync(): void {
    const device = { index: 0, kind: 'cpu', model: 'cpu', id: `${this.#name}-cpu-0` };
    const node: NodeDescription = {
      name: this.#name,
      devices: [{ ...device, kind: 'cpu', memoryBytes: 0 }],
      cpus: 1,
      memoryBytes: 2 ** 30,
      labels: {},
      agentVersion: 'protocol',
    };
    const context = { principal: systemPrincipal(`agent:${this.#nodeId}`), meta: { requestId: randomUUID() } };
    const payload = JSON.stringify({ ...context, body: { node, attempts: [] } });
    // What fails is asked again with the next beat.
    this.#connection
      .request(subjects.agentRpc(this.#nodeId, 'sync'), payload, { timeout: CALL_TIMEOUT_MS })
      .catch(() => undefined);
  }
}

async function join(admin: BatonClient, name: string): Promise<Joined> {
  const { token } = await admin.nodes.add({ name });
  const pair = nkeys.createUser();
  const publicKey = pair.getPublicKey();
  const tokenHash = createHash('sha256').update(randomBytes(32).toString('base64url')).digest('hex');
  const body = { token, publicKey, tokenHash };
  const { json } = await send(admin.http.base, '/api/v1/nodes/join', { body });
  const { id: nodeId, natsUrl } = json as { id: string; natsUrl: string };
  return { name, nodeId, natsUrl, publicKey, key: privateKey(pair.getSeed()) };
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The library signs in JavaScript, which takes one process seconds for so many. `SU...`: two bytes of prefix, then the key. */
function privateKey(seed: Uint8Array): KeyObject {
  const bits = Array.from(new TextDecoder().decode(seed), (letter) =>
    BASE32.indexOf(letter).toString(2).padStart(5, '0'),
  );
  const bytes =
    bits
      .join('')
      .match(/.{8}/g)
      ?.map((byte) => Number.parseInt(byte, 2)) ?? [];
  const der = Buffer.concat([PKCS8_ED25519, Buffer.from(bytes.slice(2, 34))]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

/** nats-server has to read of the new key first. */
async function untilKnown(options: ConnectionOptions): Promise<NatsConnection> {
  for (const deadline = performance.now() + KNOWN_WITHIN_MS; ;) {
    try {
      return await connect(options);
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(100);
    }
  }
}
