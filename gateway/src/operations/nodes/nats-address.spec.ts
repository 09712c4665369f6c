// The address of NATS that a joining agent is told.
import { describe, expect, it } from 'vitest';
import { isOwnMachine, natsAddressFor } from './nats-address.ts';

const elsewhere = { hostname: 'baton.lab', ip: '10.0.0.7' };
const here = { hostname: '127.0.0.1', ip: '127.0.0.1' };

describe('the address of NATS', () => {
  it('is under the name that the agent has used, where NATS listens everywhere', () => {
    expect(natsAddressFor('nats://0.0.0.0:4222', elsewhere)).toBe('nats://baton.lab:4222');
    expect(natsAddressFor('tls://[::]:4222', elsewhere)).toBe('tls://baton.lab:4222');
  });
  it('is what was configured otherwise', () => {
    expect(natsAddressFor('tls://nats.lab:4222', elsewhere)).toBe('tls://nats.lab:4222');
  });
  it('on loopback is told on the same machine, and refused to others with what to do', () => {
    for (const ip of ['127.0.0.1', '::1', '::ffff:127.0.0.1'])
      expect(natsAddressFor('nats://127.0.0.1:4111', { ...here, ip })).toBe('nats://127.0.0.1:4111');
    expect(() => natsAddressFor('nats://127.0.0.1:4111', elsewhere)).toThrow(/BATON_NATS_HOST/);
    expect([isOwnMachine('nats://[::1]:1'), isOwnMachine('nats://0.0.0.0:1')]).toEqual([true, false]);
  });
});
