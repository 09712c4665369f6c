// Names are unique, whoever races for them, and never lost to something that does not exist.
import { systemPrincipal } from '@baton/contracts';
import { given } from '@baton/decider';
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CommandContext } from './command-context.ts';
import { newId } from './ids.ts';
import { memoryEventStore } from './memory/memory-event-store.ts';
import { nameDecider } from './name.ts';
import { type NameRegistry, nameRegistry } from './name-registry.ts';
import type { EventStore } from './port.ts';

const context = (): CommandContext => ({
  commandId: 'command-1',
  requestHash: 'hash',
  principal: systemPrincipal('test'),
  correlationId: 'request-1',
  ifRevision: 5,
});
const [ann, bob] = [newId('user'), newId('user')];

let store: EventStore;
let names: NameRegistry;
let clock: number;
const existing = new Set<string>();
beforeEach(() => {
  store = memoryEventStore();
  clock = 1_000_000;
  existing.clear();
  names = nameRegistry({
    store,
    secret: 's',
    now: () => clock,
    newId: randomUUID,
    holderExists: async (id) => existing.has(id),
  });
});

const reserve = (holderId: string, name = 'Digits') =>
  names.reserve({ kind: 'dataset', name, holderId, context: context() });
const release = (holderId: string, name = 'digits') =>
  names.release({ kind: 'dataset', name, holderId, context: context() });

describe('a name', () => {
  it('belongs to the first who asks, without regard to case', async () => {
    await reserve(ann);
    await expect(reserve(bob, 'dIGITS')).rejects.toMatchObject({ code: 'name_taken' });
    expect(await names.holderOf('dataset', 'DIGITS')).toBe(ann);
    expect(await names.holderOf('model', 'digits')).toBeNull();
  });

  it('may be asked for again by its holder, and nothing is appended', async () => {
    await reserve(ann);
    await reserve(ann);
    expect(await store.lastPosition()).toBe(1);
  });

  it('is free after its holder released it, also for a request that had it before', async () => {
    await reserve(ann);
    await release(ann);
    await reserve(ann);
    await release(ann);
    await reserve(bob);
    expect(await names.holderOf('dataset', 'digits')).toBe(bob);
  });

  it('is not released by another', async () => {
    await reserve(ann);
    await release(bob);
    expect(await names.holderOf('dataset', 'digits')).toBe(ann);
  });

  it('goes to exactly one of many who race', async () => {
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => reserve(newId('dataset'))));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('does not stand in the log, nor can an e-mail address be guessed from the id without the secret', async () => {
    const email = { kind: 'email', name: 'Ann@example.org', holderId: ann, context: context() } as const;
    await names.reserve(email);
    const [commit] = await store.readAggregate({ aggregate: 'name', id: await onlyNameId() });
    expect(JSON.stringify(commit)).not.toContain('example');
    const elsewhere = nameRegistry({ store, secret: 'other', now: () => clock, newId: randomUUID });
    expect(await elsewhere.holderOf('email', 'ann@example.org')).toBeNull();
  });
});

describe('a reservation whose holder was never made', () => {
  it('is kept while the holder may still be being made', async () => {
    await reserve(ann);
    clock += 59_000;
    await expect(reserve(bob)).rejects.toMatchObject({ code: 'name_taken' });
  });

  it('is taken over after a minute', async () => {
    await reserve(ann);
    clock += 61_000;
    await reserve(bob);
    expect(await names.holderOf('dataset', 'digits')).toBe(bob);
  });

  it('is kept for ever when the holder exists', async () => {
    await reserve(ann);
    existing.add(ann);
    clock += 1e9;
    await expect(reserve(bob)).rejects.toMatchObject({ code: 'name_taken' });
  });
});

describe('the decider', () => {
  const reserved = { type: 'NameReserved', v: 1, data: { kind: 'model', holderId: ann } } as const;
  it('takes over only from the holder that was found missing', () => {
    const command = { type: 'ReserveName', kind: 'model', holderId: bob, replaces: newId('user') } as const;
    given(nameDecider, reserved).when(command).thenRefuses('name_taken');
  });
});

async function onlyNameId(): Promise<string> {
  for await (const commit of store.readAll(0)) return commit.ref.id;
  return '';
}
