// What the command handler guarantees: one effect for each command, decisions on the present state, whole envelopes.
import { type SecretEvent, systemPrincipal } from '@baton/contracts';
import type { Decider } from '@baton/decider';
import { PlatformError } from '@baton/errors';
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CommandContext } from './command-context.ts';
import { type CommandHandler, commandHandler } from './command-handler.ts';
import { newId } from './ids.ts';
import { memoryEventStore } from './memory/memory-event-store.ts';
import { verifyChain } from './stored-commit.ts';
import type { PipelinedEventStore } from './stream-writer.ts';
import { commit } from './testing/commits.ts';

type Command = { type: 'Set'; version: number } | { type: 'Next' } | { type: 'Delete' } | { type: 'Wrong' };
interface State {
  readonly version: number;
  readonly deleted: boolean;
}

const ownerId = newId('user');
const set = (valueVersion: number): SecretEvent => ({
  type: 'SecretSet',
  v: 1,
  data: { ownerId, name: 'TOKEN', valueVersion },
});
const decider: Decider<Command, State, SecretEvent> = {
  initialState: { version: 0, deleted: false },
  decide(command, state) {
    if (state.deleted) throw new PlatformError('conflict', 'It is deleted.');
    if (command.type === 'Set') return command.version === state.version ? [] : [set(command.version)];
    if (command.type === 'Next') return [set(state.version + 1)];
    if (command.type === 'Wrong')
      return [{ type: 'SecretSet', v: 1, data: { ownerId, name: 'TOKEN', valueVersion: -1 } }];
    return [{ type: 'SecretDeleted', v: 1, data: {} }];
  },
  evolve: (state, event) =>
    event.type === 'SecretSet' ? { version: event.data.valueVersion, deleted: false } : { ...state, deleted: true },
};

const context = (over: Partial<CommandContext> = {}): CommandContext => ({
  commandId: randomUUID(),
  requestHash: 'hash',
  principal: systemPrincipal('test'),
  correlationId: 'request-1',
  ...over,
});

let store: PipelinedEventStore;
let handler: CommandHandler<Command, State, SecretEvent>;
let id: string;
const makeHandler = () => commandHandler({ store, decider, aggregate: 'secret', now: () => 1_000, newId: randomUUID });

beforeEach(() => {
  store = memoryEventStore({ stream: 'EVENTS' });
  handler = makeHandler();
  id = newId('secret');
});

describe('execute', () => {
  it('appends what was decided and answers the new state', async () => {
    const executed = await handler.execute(id, { type: 'Set', version: 4 }, context());
    expect(executed).toEqual({
      revision: 1,
      position: 1,
      state: { version: 4, deleted: false },
      events: [set(4)],
      repeated: false,
    });
    expect(await handler.load(id)).toEqual({ revision: 1, position: 1, state: { version: 4, deleted: false } });
  });

  it('writes an envelope that names who, what and why, and chains to the one before', async () => {
    const first = context();
    await handler.execute(id, { type: 'Next' }, first);
    await handler.execute(id, { type: 'Next' }, context({ causationId: 'cause' }));
    const commits = await store.readAggregate({ aggregate: 'secret', id });
    verifyChain(commits);
    expect(commits[0]).toMatchObject({
      envelopeV: 1,
      revision: 1,
      prevHash: '',
      at: 1_000,
      commandId: first.commandId,
      requestHash: 'hash',
      actor: 'system:test',
      credentialId: 'system:test',
      correlationId: 'request-1',
      causationId: 'request-1',
    });
    expect(commits[1]).toMatchObject({ revision: 2, prevHash: commits[0]?.hash, causationId: 'cause' });
  });

  it('appends nothing when nothing changes', async () => {
    await handler.execute(id, { type: 'Set', version: 1 }, context());
    const executed = await handler.execute(id, { type: 'Set', version: 1 }, context());
    expect(executed).toMatchObject({ revision: 1, events: [], repeated: false, position: 1 });
    expect(await store.lastPosition()).toBe(1);
  });

  it('refuses what the decider refuses', async () => {
    await handler.execute(id, { type: 'Delete' }, context());
    await expect(handler.execute(id, { type: 'Next' }, context())).rejects.toMatchObject({
      code: 'conflict',
      message: 'It is deleted.',
    });
  });

  it('never stores an event that does not fit its schema', async () => {
    await expect(handler.execute(id, { type: 'Wrong' }, context())).rejects.toMatchObject({ code: 'internal' });
    expect(await store.lastPosition()).toBe(0);
  });
});

describe('a repeated command', () => {
  it('answers what the first answered, whatever came since, also from another process', async () => {
    const first = context();
    const answered = await handler.execute(id, { type: 'Next' }, first);
    await handler.execute(id, { type: 'Next' }, context());
    for (const process of [handler, makeHandler()]) {
      expect(await process.execute(id, { type: 'Next' }, first)).toEqual({ ...answered, repeated: true });
    }
    expect(await store.lastPosition()).toBe(2);
  });

  it('is refused when it is another request', async () => {
    const first = context();
    await handler.execute(id, { type: 'Next' }, first);
    const reused = { ...first, requestHash: 'another' };
    await expect(handler.execute(id, { type: 'Next' }, reused)).rejects.toMatchObject({
      code: 'idempotency_key_reused',
    });
  });

  it('takes effect once when it races with itself in several processes', async () => {
    const same = context();
    const handlers = [makeHandler(), makeHandler(), makeHandler(), makeHandler()];
    const executed = await Promise.all(handlers.map((process) => process.execute(id, { type: 'Next' }, same)));
    expect(executed.map(({ revision }) => revision)).toEqual([1, 1, 1, 1]);
    expect(executed.filter(({ repeated }) => !repeated)).toHaveLength(1);
  });
});

describe('the expected revision', () => {
  it('lets the command through when it is the present one', async () => {
    await handler.execute(id, { type: 'Next' }, context({ ifRevision: 0 }));
    await expect(handler.execute(id, { type: 'Next' }, context({ ifRevision: 1 }))).resolves.toMatchObject({
      revision: 2,
    });
  });

  it('refuses the command when it is another, also when another process changed it', async () => {
    await handler.execute(id, { type: 'Next' }, context());
    await makeHandler().execute(id, { type: 'Next' }, context());
    await expect(handler.execute(id, { type: 'Next' }, context({ ifRevision: 1 }))).rejects.toMatchObject({
      code: 'revision_mismatch',
    });
    await expect(handler.execute(id, { type: 'Next' }, context({ ifRevision: 2 }))).resolves.toMatchObject({
      revision: 3,
    });
  });
});

describe('others that write too', () => {
  it('lose nothing: every command of many processes takes effect on what the ones before left', async () => {
    const handlers = Array.from({ length: 30 }, (_, index) => (index % 3 === 0 ? makeHandler() : handler));
    await Promise.all(handlers.map((process) => process.execute(id, { type: 'Next' }, context())));
    expect((await handler.load(id)).state.version).toBe(30);
    verifyChain(await store.readAggregate({ aggregate: 'secret', id }));
  });

  it('are seen before a command is refused or found to change nothing', async () => {
    await handler.execute(id, { type: 'Set', version: 1 }, context());
    await makeHandler().execute(id, { type: 'Set', version: 2 }, context());
    await expect(handler.execute(id, { type: 'Set', version: 1 }, context())).resolves.toMatchObject({ revision: 3 });
  });

  it('end in `conflict` when they are faster again and again', async () => {
    const refusing: PipelinedEventStore = Object.assign(Object.create(store) as PipelinedEventStore, {
      append: () => Promise.reject(new PlatformError('conflict', 'Always.')),
      readAggregate: (ref: Parameters<typeof store.readAggregate>[0]) => store.readAggregate(ref),
    });
    const unlucky = commandHandler({ store: refusing, decider, aggregate: 'secret', now: () => 1, newId: randomUUID });
    await expect(unlucky.execute(id, { type: 'Next' }, context())).rejects.toMatchObject({ code: 'conflict' });
  });
});

describe('a log that can not be folded', () => {
  it('is refused when it holds an event that this program does not know', async () => {
    const unknown = commit({ events: [{ type: 'SecretRenamed', v: 1, data: {} }] });
    await store.append({ aggregate: 'secret', id }, unknown, { kind: 'aggregate', position: 0 });
    const failure = { code: 'internal', detail: expect.stringContaining('SecretRenamed') as string };
    await expect(handler.load(id)).rejects.toMatchObject(failure);
  });

  it('is refused when its chain of hashes is broken', async () => {
    const ref = { aggregate: 'secret', id } as const;
    await handler.execute(id, { type: 'Next' }, context());
    await store.append(ref, commit({ revision: 2, prevHash: 'other', events: [set(9)] }), {
      kind: 'aggregate',
      position: 1,
    });
    await expect(makeHandler().load(id)).rejects.toMatchObject({ code: 'internal' });
  });
});
