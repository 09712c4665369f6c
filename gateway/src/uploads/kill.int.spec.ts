// Uploads outlive the gateway: killed with SIGKILL in the middle, nothing acknowledged is lost and nothing unverified is kept.
import { createHash, randomBytes } from 'node:crypto';
import { stat, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { freePort } from '@baton/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type GatewayFixture, startFixture } from '../testing/fixture.ts';
import { type GatewayProcess, startGatewayProcess } from '../testing/gateway-process.ts';

let fixture: GatewayFixture;
let environment: Record<string, string>;
let port: number;
let running: GatewayProcess | undefined;

beforeAll(async () => {
  fixture = await startFixture();
  port = await freePort();
  environment = { ...fixture.environment, BATON_UPLOAD_FOLDER: join(fixture.folder.path, 'kill-uploads') };
});
afterAll(async () => {
  await running?.kill();
  await fixture.stop();
});

const TUS = { authorization: 'Bearer alice', 'tus-resumable': '1.0.0' };
const CHUNK = { ...TUS, 'content-type': 'application/offset+octet-stream' };

async function start(): Promise<GatewayProcess> {
  running = await startGatewayProcess(environment, port);
  return running;
}
const fileOf = (location: string) =>
  join(environment['BATON_UPLOAD_FOLDER'] ?? '', `${location.split('/').at(-1)}.bin`);
async function create(url: string, length: number): Promise<string> {
  const response = await fetch(`${url}/files`, {
    method: 'POST',
    headers: { ...TUS, 'upload-length': String(length) },
  });
  return response.headers.get('location') ?? '';
}
const head = (url: string) => fetch(url, { method: 'HEAD', headers: TUS });

interface Cut {
  readonly offset: number;
  readonly bytes: number;
  readonly headers?: Record<string, string>;
}

/** Sends from `offset` on and kills the gateway when at least `bytes` more are in the file. */
async function sendUntilKilled(gateway: GatewayProcess, location: string, content: Buffer, cut: Cut): Promise<void> {
  const rest = content.subarray(cut.offset);
  const headers = {
    ...CHUNK,
    ...cut.headers,
    'upload-offset': String(cut.offset),
    'content-length': String(rest.length),
  };
  const request = httpRequest(`${gateway.url}${location}`, { method: 'PATCH', headers });
  request.on('error', () => {});
  request.write(rest.subarray(0, cut.bytes));
  await expect
    .poll(async () => (await stat(fileOf(location))).size, { interval: 10 })
    .toBeGreaterThanOrEqual(cut.offset + cut.bytes);
  await gateway.kill();
  request.destroy();
}

/** One story with three lives of the process, because each start takes seconds: two kills in the middle of writing. */
it('loses nothing acknowledged, keeps nothing unverified, and finishes what was complete', async () => {
  const content = randomBytes(8 * 1_048_576);
  const patch = (gateway: GatewayProcess, location: string, offset: number, body: Buffer<ArrayBuffer>) =>
    fetch(`${gateway.url}${location}`, {
      method: 'PATCH',
      headers: { ...CHUNK, 'upload-offset': String(offset) },
      body,
    });
  const offsetOf = async (gateway: GatewayProcess, location: string) =>
    Number((await head(`${gateway.url}${location}`)).headers.get('upload-offset'));

  let gateway = await start();
  const plain = await create(gateway.url, content.length);
  const complete = await create(gateway.url, 4);
  expect((await patch(gateway, plain, 0, content.subarray(0, 1_000))).status).toBe(204);
  await sendUntilKilled(gateway, plain, content, { offset: 1_000, bytes: 3_000_001 });
  // As a kill leaves it between the last byte and the hand-over to the blob store.
  await writeFile(fileOf(complete), 'data');

  gateway = await start();
  const resumed = await offsetOf(gateway, plain);
  expect(resumed).toBeGreaterThanOrEqual(3_001_001);
  const finished = await head(`${gateway.url}${complete}`);
  expect([finished.headers.get('upload-offset'), finished.headers.get('baton-digest')]).toEqual([
    '4',
    createHash('sha256').update('data').digest('hex'),
  ]);
  const checksum = createHash('sha256').update(content.subarray(resumed)).digest('base64');
  await sendUntilKilled(gateway, plain, content, {
    offset: resumed,
    bytes: 1_000_000,
    headers: { 'upload-checksum': `sha256 ${checksum}` },
  });

  gateway = await start();
  expect(await offsetOf(gateway, plain)).toBe(resumed);
  const last = await patch(gateway, plain, resumed, content.subarray(resumed));
  expect([last.status, last.headers.get('baton-digest')]).toEqual([
    204,
    createHash('sha256').update(content).digest('hex'),
  ]);
}, 60_000);
