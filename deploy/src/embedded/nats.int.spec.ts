// nats-server as the embedded platform runs it, with agents that join and leave while it runs.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { agentRpc, subjects, systemPrincipal } from '@baton/contracts';
import type { AgentKey } from '@baton/contracts/nats';
import { type Bus, connectBus } from '@baton/messaging';
import { freePort, natsServerBinary, temporaryFolder, type TemporaryFolder } from '@baton/testkit';
import { connect, nkeys } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { watchAgentKeys } from './agent-keys.ts';
import { type Home, openHome, passwordFile, readSecret } from './home.ts';
import { type NatsSetup, prepareNats } from './nats.ts';

const context = { principal: systemPrincipal('test'), meta: { requestId: 'test' } };
const facts = { facts: [] };
const PATIENCE = { timeout: 60_000, interval: 20 };

interface Agent {
  readonly nodeId: string;
  readonly seed: string;
  readonly key: AgentKey;
}

function newAgent(letter: string): Agent {
  const pair = nkeys.createUser();
  const nodeId = `nod_${letter.repeat(26)}`;
  const seed = new TextDecoder().decode(pair.getSeed());
  return { nodeId, seed, key: { role: 'agent', nodeId, publicKey: pair.getPublicKey() } };
}

let folder: TemporaryFolder;
let home: Home;
let nats: NatsSetup;
let server: ChildProcess;
let scheduler: Bus;
let stopWatching: () => void;
let reloads = 0;
const open: Bus[] = [];

beforeAll(async () => {
  folder = await temporaryFolder('baton-embedded-nats-');
  home = openHome(folder.path);
  nats = await prepareNats(home, { BATON_NATS_SERVER: natsServerBinary() });
  server = spawn(nats.binary, ['-c', nats.configFile], { stdio: 'ignore' });
  stopWatching = watchAgentKeys(nats.agentKeysFile, () => {
    if (!nats.rewrite()) return;
    reloads += 1;
    server.kill('SIGHUP');
  });
  const password = readSecret(passwordFile(home.secrets, 'scheduler'));
  scheduler = await connectBus({ url: nats.url, role: 'scheduler', credentials: { user: 'scheduler', password } });
  scheduler.handle(agentRpc.facts, async ({ subject }) => ({ acknowledged: subject.length }));
  await scheduler.connection.flush();
});
afterEach(() => Promise.all(open.splice(0).map((bus) => bus.close())));
afterAll(async () => {
  stopWatching();
  await scheduler.close();
  server.kill('SIGTERM');
  await once(server, 'exit');
  await folder.cleanup();
});

/** As the scheduler does it: whole, by rename. */
function write(...agents: readonly Agent[]): void {
  writeFileSync(`${nats.agentKeysFile}.new`, JSON.stringify(agents.map(({ key }) => key)), { mode: 0o600 });
  renameSync(`${nats.agentKeysFile}.new`, nats.agentKeysFile);
}

async function connectAgent({ nodeId, seed }: Agent, connectTimeoutMs = 10_000): Promise<Bus> {
  const bus = await connectBus({ url: nats.url, role: 'agent', nodeId, credentials: { seed }, connectTimeoutMs });
  open.push(bus);
  return bus;
}

const report = (bus: Bus, nodeId: string) =>
  bus.call(agentRpc.facts, context, facts, { subject: subjects.agentRpc(nodeId, 'facts'), timeoutMs: 2_000 });

describe('an agent that has joined', () => {
  it('gets in with its own key and speaks for its own node', async () => {
    const [one] = [newAgent('a')];
    await expect(connectAgent(one, 500)).rejects.toThrow('refuses these credentials');
    write(one);
    const bus = await connectAgent(one);
    expect(await report(bus, one.nodeId)).toEqual({ acknowledged: subjects.agentRpc(one.nodeId, 'facts').length });
  });

  it('can say nothing in the name of another node, listen to none, and read no events', async () => {
    const [one, other] = [newAgent('b'), newAgent('c')];
    write(one, other);
    const bus = await connectAgent(one);
    const violations: string[] = [];
    const watching = (async () => {
      for await (const status of bus.connection.status())
        if (status.type === 'error') violations.push(String(status.error));
    })();
    await expect(report(bus, other.nodeId)).rejects.toMatchObject({ code: 'unavailable' });
    for (const subject of [
      subjects.log(other.nodeId, 'job_x', 1, 'stdout'),
      subjects.metric(other.nodeId, 'job_x', 1),
      subjects.aggregate('node', one.nodeId),
      subjects.desired(one.nodeId),
      'rpc.scheduler.remove-node',
      '$JS.API.STREAM.MSG.GET.EVENTS',
    ])
      bus.connection.publish(subject, '{}');
    for (const subject of [subjects.desired(other.nodeId), '_INBOX.>', 'evt.>', '>'])
      bus.connection.subscribe(subject, { callback: () => {} });
    await bus.connection.flush();
    await vi.waitFor(() => expect(violations.filter((text) => /permission/i.test(text))).toHaveLength(11), PATIENCE);
    await bus.close();
    await watching;
  });

  it('is thrown out and kept out when it is removed, and nobody else notices', async () => {
    const [leaving, staying] = [newAgent('d'), newAgent('e')];
    write(leaving, staying);
    const [gone, kept] = await Promise.all([connectAgent(leaving), connectAgent(staying)]);
    const disconnected = vi.fn<() => void>();
    for (const bus of [kept, scheduler])
      void (async () => {
        for await (const { type } of bus.connection.status()) if (type === 'disconnect') disconnected();
      })();
    const thrownOut = (async () => {
      for await (const { type } of gone.connection.status()) if (type === 'disconnect') return true;
      return false;
    })();
    write(staying);
    expect(await thrownOut).toBe(true);
    await expect(connectAgent(leaving, 500)).rejects.toThrow('refuses these credentials');
    expect(await report(kept, staying.nodeId)).toMatchObject({ acknowledged: expect.any(Number) as number });
    expect(disconnected).not.toHaveBeenCalled();
  });

  it('leaves no secret in the files, which nobody else can read', () => {
    const agent = newAgent('f');
    write(agent);
    expect(readFileSync(nats.configFile, 'utf8')).not.toContain(agent.seed);
    expect([nats.configFile, nats.agentKeysFile].map((path) => statSync(path).mode & 0o077)).toEqual([0, 0]);
  });
});

it('is not told of a file that says the same, and takes no key that would reach beyond its node', async () => {
  const agent = newAgent('g');
  write(agent);
  await vi.waitFor(() => expect(readFileSync(nats.configFile, 'utf8')).toContain(agent.key.publicKey), PATIENCE);
  const before = reloads;
  const forged = { ...newAgent('h'), key: { ...newAgent('h').key, nodeId: '*' } };
  write(agent, forged);
  write(agent);
  const connection = await connectAgent(agent);
  await connection.connection.flush();
  expect(reloads).toBe(before);
  expect(readFileSync(nats.configFile, 'utf8')).not.toContain(forged.key.publicKey);
});

const OPENSSL = spawnSync('openssl', ['version']).status === 0;
if (!OPENSSL) process.stderr.write('NO OPENSSL: NATS over TLS is not tested.\n');

it.skipIf(!OPENSSL)('takes agents by TLS, checked against the authorities, and its own processes without', async () => {
  const [certFile, keyFile] = [`${folder.path}/cert.pem`, `${folder.path}/key.pem`];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-keyout', keyFile, '-out', certFile];
  expect(spawnSync('openssl', [...made, ...subject]).status).toBe(0);
  const own = openHome(`${folder.path}/tls`);
  const setup = await prepareNats(own, {
    BATON_NATS_SERVER: natsServerBinary(),
    BATON_NATS_HOST: '0.0.0.0',
    BATON_NATS_PORT: String(await freePort()),
    BATON_NATS_TLS_CERT: certFile,
    BATON_NATS_TLS_KEY: keyFile,
  });
  const second = spawn(setup.binary, ['-c', setup.configFile], { stdio: 'ignore' });
  onTestFinished(async () => {
    second.kill('SIGTERM');
    await once(second, 'exit');
  });
  const credentials = { user: 'agent', password: readSecret(passwordFile(own.secrets, 'agent')) };
  const options = { role: 'agent', nodeId: own.nodeId, credentials } as const;
  const local = await connectBus({ ...options, url: setup.url });
  await local.close();
  const url = setup.publicUrl.replace('0.0.0.0', 'localhost');
  expect(url).toMatch(/^tls:/);
  // Nobody has signed it.
  await expect(connectBus({ ...options, url, connectTimeoutMs: 500 })).rejects.toThrow('can not be reached');
  const ca = readFileSync(certFile, 'utf8');
  const { user, password: pass } = credentials;
  const secure = await connect({ servers: url, tls: { ca }, user, pass, inboxPrefix: `_INBOX.agent.${own.nodeId}` });
  await secure.flush();
  await secure.close();
});

describe('where it listens', () => {
  const prepare = (settings: Record<string, string>) =>
    prepareNats(home, { BATON_NATS_SERVER: natsServerBinary(), ...settings });

  it('is refused beyond loopback without TLS, unless asked for in so many words', async () => {
    await expect(prepare({ BATON_NATS_HOST: '0.0.0.0' })).rejects.toThrow(
      /BATON_NATS_HOST=0.0.0.0 .*BATON_NATS_TLS_CERT/,
    );
    const port = String(await freePort());
    const opened = await prepare({ BATON_NATS_HOST: '0.0.0.0', BATON_NATS_PORT: port, BATON_INSECURE_BIND: 'i-know' });
    expect([opened.url, opened.publicUrl]).toEqual([`nats://127.0.0.1:${port}`, `nats://0.0.0.0:${port}`]);
  });

  it('is refused on a port that is taken, and with half a certificate', async () => {
    const port = new URL(nats.url).port;
    await expect(prepare({ BATON_NATS_PORT: port })).rejects.toThrow(/BATON_NATS_PORT/);
    const half = { BATON_NATS_TLS_CERT: nats.configFile };
    await expect(prepare({ BATON_NATS_HOST: '0.0.0.0', ...half })).rejects.toThrow(/BATON_NATS_TLS_KEY names no file/);
  });
});
