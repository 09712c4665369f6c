// The node's own address, and a port of it.
import { createServer } from 'node:net';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { addressTowards, freePort } from './own-address.ts';

describe('the address of a node', () => {
  it('is the one that it has towards the platform, or its name where that can not be told', async () => {
    expect(await addressTowards('nats://127.0.0.1:4222')).toBe('127.0.0.1');
    expect(await addressTowards('nats://[::1]:4222')).toBe('::1');
    expect(await addressTowards('nats://no-such-host.invalid:4222')).toBe(hostname());
    expect(await addressTowards('no address')).toBe(hostname());
  });

  it('has a port that is free', async () => {
    const port = await freePort();
    const server = createServer().listen(port);
    await once(server, 'listening');
    expect(server.address()).toMatchObject({ port });
    server.close();
  });
});
