// Which command is the same command, and which request the same request.
import { systemPrincipal, type Principal } from '@baton/contracts';
import { expect, it } from 'vitest';
import { commandContext, type CommandRequest } from './command-context.ts';

const alice: Principal = { ...systemPrincipal('x'), kind: 'user', userId: 'usr_alice' };
const request = (over: Partial<CommandRequest> = {}): CommandRequest => ({
  principal: alice,
  meta: { requestId: 'r1', idempotencyKey: 'key' },
  subject: 'rpc.dataset.create',
  body: { name: 'digits', tags: ['a'] },
  secret: 'secret',
  ...over,
});

it('gives a repeat the same command id and request hash', () => {
  const first = commandContext(request());
  const repeat = commandContext(
    request({ meta: { requestId: 'r2', idempotencyKey: 'key' }, body: { tags: ['a'], name: 'digits' } }),
  );
  expect(repeat).toMatchObject({ commandId: first.commandId, requestHash: first.requestHash, correlationId: 'r2' });
  expect(first.commandId).toMatch(/^[0-9a-f]{64}$/);
});

it('tells apart callers, keys, installations, bodies and operations', () => {
  const first = commandContext(request());
  expect(commandContext(request({ principal: { ...alice, userId: 'usr_bob' } })).commandId).not.toBe(first.commandId);
  expect(commandContext(request({ meta: { requestId: 'r', idempotencyKey: 'other' } })).commandId).not.toBe(
    first.commandId,
  );
  expect(commandContext(request({ secret: 'other' })).commandId).not.toBe(first.commandId);
  expect(commandContext(request({ body: {} })).requestHash).not.toBe(first.requestHash);
  expect(commandContext(request({ subject: 'rpc.model.create' })).requestHash).not.toBe(first.requestHash);
});

it('makes each call a command of its own without a key', () => {
  const without = request({ meta: { requestId: 'r' } });
  expect(commandContext(without).commandId).not.toBe(commandContext(without).commandId);
});

it('carries the revision that the caller expects', () => {
  expect(commandContext(request({ meta: { requestId: 'r', ifRevision: 0 } })).ifRevision).toBe(0);
  expect(commandContext(request())).not.toHaveProperty('ifRevision');
});

it('hashes a request that names people under the secret: no address can be found by trying', () => {
  const named = { body: { userId: 'ada@example.org' }, namesPeople: true };
  const { requestHash, unkeyedHash } = commandContext(request(named));
  expect(requestHash).toBe(commandContext(request(named)).requestHash);
  expect(requestHash).not.toBe(commandContext(request({ ...named, secret: 'other' })).requestHash);
  // What such a request was recognised by before.
  expect(unkeyedHash).toBe(commandContext(request({ body: named.body })).requestHash);
  expect(commandContext(request())).not.toHaveProperty('unkeyedHash');
});
