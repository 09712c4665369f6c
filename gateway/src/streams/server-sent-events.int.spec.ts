// Who follows and takes nothing: what waits for it stays small, and it is cut off, to come back where it was.
import { type AddressInfo, connect, type Socket } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sendEvents } from './server-sent-events.ts';

const EVENT_BYTES = 64 * 1_024;
const STALLED_MS = 1_500;
let app: FastifyInstance;
let port: number;
let made: number;
let isOver: boolean;

async function* endless() {
  try {
    for (made = 1; ; made += 1) {
      yield { type: 'log', id: made, data: 'x'.repeat(EVENT_BYTES) };
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    isOver = true;
  }
}

beforeEach(async () => {
  isOver = false;
  app = Fastify();
  app.get('/', (_request, reply) => sendEvents(reply, endless(), STALLED_MS));
  await app.listen({ port: 0, host: '127.0.0.1' });
  port = (app.server.address() as AddressInfo).port;
});
afterEach(() => app.close());

function follow(): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  return socket;
}

describe('a client that follows', () => {
  it('and takes nothing is cut off, with little that has waited for it', async () => {
    const socket = follow();
    socket.pause();
    await vi.waitFor(() => expect(isOver).toBe(true), { timeout: 60_000 });
    // Both ends' buffers in the kernel take some megabytes.
    expect(made * EVENT_BYTES).toBeLessThan(32 * 2 ** 20);
    socket.destroy();
  });

  it('and takes slowly is not', async () => {
    const socket = follow();
    let taken = 0;
    socket.on('data', (chunk) => {
      taken += chunk.length;
      socket.pause();
      setTimeout(() => socket.resume(), 10);
    });
    const since = performance.now();
    await vi.waitFor(() => expect(performance.now() - since).toBeGreaterThan(4 * STALLED_MS), { timeout: 60_000 });
    expect([isOver, socket.destroyed]).toEqual([false, false]);
    const before = taken;
    await vi.waitFor(() => expect(taken).toBeGreaterThan(before), { timeout: 60_000 });
    socket.destroy();
    await vi.waitFor(() => expect(isOver).toBe(true), { timeout: 60_000 });
  });
});
