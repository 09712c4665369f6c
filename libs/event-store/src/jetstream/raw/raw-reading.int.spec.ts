// A part of a stream, taken off the wire of a real nats-server; and what is no reading.
import { type NatsServer, startNatsServer, temporaryFolder } from '@baton/testkit';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { StoredMessage } from '../../stored-commit.ts';
import { storedStream } from '../stored-messages.ts';
import { unpacked } from './parcel.ts';
import { type RawSource, readParcels } from './raw-reading.ts';

const LOGIN = { user: 'reader', password: 'a word' };
const OTHER = `{ user: other, password: "a word", permissions: { publish: "$JS.API.STREAM.>", subscribe: "_INBOX.>" } }`;
const USERS = `authorization { users: [{ user: "${LOGIN.user}", password: "${LOGIN.password}" }, ${OTHER}] }`;
/** More than two pulls. */
const COUNT = 5_000;

let server: NatsServer;
let connection: NatsConnection;
let source: RawSource;

/** `withHeaders`: of every three messages two have some. */
async function fill(
  to: NatsConnection,
  stream: string,
  contents: readonly string[],
  withHeaders = true,
): Promise<void> {
  const manager = await jetstreamManager(to);
  await manager.streams.add({ name: stream, subjects: [`evt.${stream}.>`] });
  for (const [index, content] of contents.entries()) {
    const made = headers();
    made.set('Nats-Msg-Id', `${stream}-${index}`);
    to.publish(`evt.${stream}.one${index}`, content, !withHeaders || index % 3 === 0 ? {} : { headers: made });
  }
  await to.flush();
}

beforeAll(async () => {
  server = await startNatsServer({ config: USERS, sync: '2m' });
  connection = await connect({ servers: server.url, user: LOGIN.user, pass: LOGIN.password });
  source = { url: server.url, login: LOGIN, inboxPrefix: '_INBOX.reader', stream: 'MANY' };
  await fill(
    connection,
    'MANY',
    Array.from({ length: COUNT }, (_, index) => `{"number":${index},"name":"바톤"}`),
  );
  await fill(
    connection,
    'LARGE',
    Array.from({ length: 20 }, (_, index) => `${index}`.padEnd(1_000_000, 'x')),
  );
});
afterAll(async () => {
  await connection.close();
  await server.stop();
});

async function read(from: RawSource, after: number, end: number, pauseMs = 0): Promise<StoredMessage[]> {
  const all: StoredMessage[] = [];
  for await (const parcel of readParcels(from, after, end)) {
    all.push(...unpacked(parcel));
    if (pauseMs > 0) await sleep(pauseMs);
  }
  return plain(all);
}

const plain = (all: readonly StoredMessage[]) =>
  all.map(({ position, subject, bytes }) => ({ position, subject, bytes: Buffer.from(bytes).toString() })) as never;

async function stored(stream: string, after: number, end: number): Promise<StoredMessage[]> {
  const all: StoredMessage[] = [];
  for await (const batch of storedStream(connection, stream).read(after, end)) all.push(...batch);
  return plain(all);
}

describe('a part of a stream', () => {
  it.each([
    [0, COUNT],
    [1_234, 4_321],
    [COUNT - 1, COUNT],
  ])('after %i up to %i is given as it is stored', async (after, end) => {
    const got = await read(source, after, end);
    expect(got).toHaveLength(end - after);
    expect(got).toEqual(await stored('MANY', after, end));
  });

  it('with large messages is given to a slow reader as well', async () => {
    const got = await read({ ...source, stream: 'LARGE' }, 0, 20, 30);
    expect(got).toEqual(await stored('LARGE', 0, 20));
  });

  it('of any sizes is given, up to the largest that the server takes', async () => {
    const most = 4 * 2 ** 20;
    const other = await startNatsServer({ config: `max_payload: ${most}`, sync: '2m' });
    onTestFinished(() => other.stop());
    const to = await connect({ servers: other.url });
    onTestFinished(() => to.close());
    // Two of the largest are all that a pull takes, and one of them is no whole parcel.
    const sizes = [most, most, 10, most, 2 ** 20, 3 * 2 ** 20, 700_000, most, 1, most];
    const contents = sizes.map((size) => 'x'.repeat(size));
    await fill(to, 'MIXED', contents, false);
    const got = await read({ ...source, url: other.url, login: null, stream: 'MIXED' }, 0, sizes.length);
    expect(got.map(({ bytes }) => bytes.length)).toEqual(sizes);
  });

  it('of which the last message is gone, and others came since, ends with what there is', async () => {
    await fill(
      connection,
      'GROWN',
      Array.from({ length: 3_000 }, (_, index) => `${index}`),
    );
    const manager = await jetstreamManager(connection);
    await manager.streams.deleteMessage('GROWN', 20);
    const got = await read({ ...source, stream: 'GROWN' }, 0, 20);
    expect(got.map(({ position }) => position)).toEqual(Array.from({ length: 19 }, (_, index) => index + 1));
  });

  it('leaves no consumer behind, also where nobody takes the rest', async () => {
    for await (const _parcel of readParcels(source, 0, COUNT)) break;
    await read(source, 0, COUNT);
    const manager = await jetstreamManager(connection);
    await expect.poll(async () => (await manager.streams.info('MANY')).state.consumer_count).toBe(0);
  });

  it('of which the last messages are gone ends with what there is', async () => {
    await fill(connection, 'SHORT', ['1', '2', '3']);
    const got = await read({ ...source, stream: 'SHORT' }, 0, 5);
    expect(got).toEqual(await stored('SHORT', 0, 3));
  }, 20_000);
});

describe('nothing is read, and that is said,', () => {
  it.each([
    ['with a wrong password', { login: { ...LOGIN, password: 'another' } }, /Authorization Violation/],
    ['without a password', { login: null }, /Authorization Violation/],
    ['where the reader may not', { login: { user: 'other', password: 'a word' } }, /Permissions Violation/],
    ['of a stream that is not there', { stream: 'NONE' }, /stream not found/],
    ['where nobody listens', { url: 'nats://127.0.0.1:1' }, /ECONNREFUSED/],
    ['where another protocol is spoken', { url: 'http://127.0.0.1:1' }, /http: is not spoken here/],
  ])('%s', async (_what, changed: Partial<RawSource>, words) => {
    await expect(read({ ...source, ...changed }, 0, COUNT)).rejects.toThrow(words);
  });

  it('where the server goes on the way', async () => {
    const other = await startNatsServer({ sync: '2m' });
    onTestFinished(() => other.stop());
    const to = await connect({ servers: other.url });
    onTestFinished(() => to.close());
    await fill(
      to,
      'MANY',
      Array.from({ length: COUNT }, () => 'x'.repeat(5_000)),
    );
    const parcels = readParcels({ ...source, url: other.url, login: null }, 0, COUNT);
    expect((await parcels.next()).value?.count).toBeGreaterThan(0);
    await other.kill();
    const rest = async () => {
      for await (const _parcel of parcels) continue;
    };
    await expect(rest()).rejects.toThrow(/closed the connection|ECONNRESET|EPIPE/);
  });
});

const OPENSSL = spawnSync('openssl', ['version']).status === 0;
if (!OPENSSL) process.stderr.write('NO OPENSSL: reading the log over TLS is not tested.\n');

it.skipIf(!OPENSSL)('reads over TLS from a server that the authorities vouch for, and from no other', async () => {
  const folder = await temporaryFolder('baton-raw-tls-');
  onTestFinished(() => folder.cleanup());
  const [certFile, keyFile] = [`${folder.path}/cert.pem`, `${folder.path}/key.pem`];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-keyout', keyFile, '-out', certFile];
  expect(spawnSync('openssl', [...made, ...subject]).status).toBe(0);
  const secure = await startNatsServer({
    config: `tls { cert_file: "${certFile}", key_file: "${keyFile}" }`,
    sync: '2m',
  });
  onTestFinished(() => secure.stop());
  const ca = readFileSync(certFile, 'utf8');
  const url = secure.url.replace('nats://127.0.0.1', 'tls://localhost');
  const to = await connect({ servers: url, tls: { ca } });
  onTestFinished(() => to.close());
  await fill(to, 'MANY', ['1', '2', '3']);
  const over = { ...source, url, login: null };
  await expect(read(over, 0, 3)).rejects.toThrow(/self-signed/);
  const before = getCACertificates('default');
  onTestFinished(() => setDefaultCACertificates(before));
  setDefaultCACertificates([...before, ca]);
  expect((await read(over, 0, 3)).map(({ position }) => position)).toEqual([1, 2, 3]);
});
