// The proxy between two ends: what it lets through, holds back, and delivers later.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { tcpProxy, type TcpProxy } from './tcp-proxy.ts';

let proxy: TcpProxy;
let client: Socket;
let server: Socket;
let close: () => void;
const heard = { up: '', down: '' };

beforeEach(async () => {
  const listener = createServer();
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  proxy = await tcpProxy((listener.address() as { port: number }).port);
  client = connect(proxy.port, '127.0.0.1');
  [server] = (await once(listener, 'connection')) as [Socket];
  heard.up = heard.down = '';
  server.on('data', (bytes) => (heard.up += String(bytes)));
  client.on('data', (bytes) => (heard.down += String(bytes)));
  close = () => listener.close();
});
afterEach(async () => {
  client.destroy();
  server.destroy();
  close();
  await proxy.close();
});

const expectHeard = (expected: Partial<typeof heard>) =>
  vi.waitFor(() => expect(heard).toMatchObject(expected), { timeout: 60_000 });

describe('a network', () => {
  it('carries both ways, in order', async () => {
    for (const word of ['a', 'b', 'c']) client.write(word);
    server.write('d');
    await expectHeard({ up: 'abc', down: 'd' });
  });

  it('that is cut one way carries the other, and what it has held back when it is whole again', async () => {
    proxy.cut('up');
    client.write('question');
    server.write('answer');
    await expectHeard({ up: '', down: 'answer' });
    proxy.heal();
    await expectHeard({ up: 'question' });
  });

  it('that is cut does not tell of an end', async () => {
    let isOver = false;
    server.once('end', () => (isOver = true));
    proxy.cut('up', 'down');
    client.end('last words');
    server.write('x');
    const other = connect(proxy.port, '127.0.0.1');
    await once(other, 'connect');
    expect([isOver, heard]).toEqual([false, { up: '', down: '' }]);
    proxy.heal();
    await vi.waitFor(() => expect(isOver).toBe(true), { timeout: 60_000 });
    expect(heard.up).toBe('last words');
    other.destroy();
  });

  it('that is slow takes its time, for each byte', async () => {
    proxy.delay(100);
    const since = performance.now();
    client.write('slow');
    await expectHeard({ up: 'slow' });
    expect(performance.now() - since).toBeGreaterThanOrEqual(99);
  });
});
