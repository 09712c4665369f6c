// Typed requests over a real nats-server with the platform's own permissions.
import { datasetRpc, natsAuthorization, ROLES, subjects, systemPrincipal, userRpc } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { type NatsServer, startNatsServer } from '@baton/testkit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Bus, connectBus } from './bus.ts';
import { Exchange, type LocalHandler } from './exchange.ts';

const context = { principal: systemPrincipal('test'), meta: { requestId: 'r' } };
const errors: unknown[] = [];
let nats: NatsServer;
let gateway: Bus;
let dataset: Bus;

function connect(
  role: 'gateway' | 'dataset',
  { password = `pass-${role}`, exchange }: ConnectOptions = {},
): Promise<Bus> {
  return connectBus({
    url: nats.url,
    role,
    credentials: { user: role, password },
    connectTimeoutMs: 1_000,
    onError: (error) => errors.push(error),
    ...(exchange && { exchange }),
  });
}

interface ConnectOptions {
  readonly password?: string;
  readonly exchange?: Exchange;
}

beforeAll(async () => {
  const users = ROLES.map((role) => ({ role, user: role, password: `pass-${role}` }));
  nats = await startNatsServer({ config: natsAuthorization(users) });
});
afterAll(() => nats.stop());

describe.each([
  ['over NATS', () => undefined],
  ['within one process', () => new Exchange()],
])('%s', (_way, createExchange) => {
  beforeAll(async () => {
    const exchange = createExchange();
    const options = exchange ? { exchange } : {};
    [gateway, dataset] = await Promise.all([connect('gateway', options), connect('dataset', options)]);
  });
  afterAll(() => Promise.all([gateway.close(), dataset.close()]));

  describe('a request', () => {
    it('brings the answer, with who asks and the body checked', async () => {
      const handling = dataset.handle(datasetRpc.delete, async ({ principal, body }) => {
        expect(principal.userId).toBe('system:test');
        return { id: body.id, revision: 2 };
      });
      await dataset.connection.flush();
      expect(await gateway.call(datasetRpc.delete, context, { id: 'digits' })).toEqual({ id: 'digits', revision: 2 });
      handling.unsubscribe();
    });

    it('brings the error that was thrown, without its internal detail', async () => {
      const issues = [{ pointer: '/name', detail: 'is taken' }];
      const handling = dataset.handle(datasetRpc.get, () => {
        throw new PlatformError('name_taken', 'Choose another.', { detail: 'internal', issues, retryAfterMs: 7 });
      });
      await dataset.connection.flush();
      const error: unknown = await gateway
        .call(datasetRpc.get, context, { id: 'x' })
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        code: 'name_taken',
        message: 'Choose another.',
        issues,
        retryAfterMs: 7,
        detail: undefined,
      });
      handling.unsubscribe();
    });

    it('hides an unexpected error from the caller and tells it to the log', async () => {
      const handling = dataset.handle(datasetRpc.get, () => Promise.reject(new TypeError('a secret detail')));
      await dataset.connection.flush();
      const error: unknown = await gateway
        .call(datasetRpc.get, context, { id: 'x' })
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'internal' });
      expect(String(error)).not.toContain('a secret detail');
      expect(String(errors.at(-1))).toContain('a secret detail');
      handling.unsubscribe();
    });

    it('is refused with pointers when the body does not fit, before the handler sees it', async () => {
      const handler = vi.fn<() => Promise<never>>();
      const handling = dataset.handle(datasetRpc.create, handler);
      await dataset.connection.flush();
      const wrong = { name: '-', colour: 'red' } as never;
      await expect(gateway.call(datasetRpc.create, context, wrong)).rejects.toMatchObject({
        code: 'invalid_input',
        issues: expect.arrayContaining([
          expect.objectContaining({ pointer: '/colour' }),
          expect.objectContaining({ pointer: '/name' }),
        ]) as unknown,
      });
      expect(handler).not.toHaveBeenCalled();
      handling.unsubscribe();
    });

    it('says unavailable, with when to try again, while nobody answers', async () => {
      await expect(gateway.call(userRpc.getUser, context, { id: 'me' })).rejects.toMatchObject({
        code: 'unavailable',
        retryAfterMs: 1_000,
      });
    });

    it('says that the outcome is unknown when the answer does not come in time', async () => {
      const handling = dataset.handle(datasetRpc.delete, () => new Promise(() => {}));
      await dataset.connection.flush();
      await expect(gateway.call(datasetRpc.delete, context, { id: 'x' }, { timeoutMs: 100 })).rejects.toMatchObject({
        code: 'outcome_unknown',
      });
      handling.unsubscribe();
    });
  });

  describe('a server that dies', () => {
    it('ends what waits for an answer at once, refuses what comes, and is found again', async () => {
      const started = Promise.withResolvers<void>();
      const handling = dataset.handle(datasetRpc.delete, () => {
        started.resolve();
        return new Promise(() => {});
      });
      await dataset.connection.flush();
      const waiting = gateway.call(datasetRpc.delete, context, { id: 'x' }, { timeoutMs: 60_000 });
      const outcome = waiting.catch((error: unknown) => error);
      await started.promise;
      await nats.kill();
      expect(await outcome).toMatchObject({ code: 'outcome_unknown', retryAfterMs: 1_000 });
      await expect(gateway.call(datasetRpc.get, context, { id: 'x' })).rejects.toMatchObject({ code: 'unavailable' });
      await nats.restart();
      handling.unsubscribe();
      dataset.handle(datasetRpc.delete, async ({ body }) => ({ id: body.id, revision: 1 }));
      const again = () => gateway.call(datasetRpc.delete, context, { id: 'x' });
      expect(await vi.waitFor(again, { timeout: 60_000 })).toEqual({ id: 'x', revision: 1 });
    });
  });
});

describe('services of one process', () => {
  it('call one another without the bus, and over it once the other has left', async () => {
    const exchange = new Exchange();
    const [here, there] = await Promise.all([connect('gateway', { exchange }), connect('dataset', { exchange })]);
    const over = await connect('dataset');
    const subjectsSeen: string[] = [];
    const answerAs = (who: string) => async () => {
      subjectsSeen.push(who);
      return { id: 'x', revision: 1 };
    };
    over.handle(datasetRpc.delete, answerAs('over the bus'));
    const handling = there.handle(datasetRpc.delete, answerAs('here'));
    await Promise.all([there.connection.flush(), over.connection.flush()]);
    for (let call = 0; call < 5; call++) await here.call(datasetRpc.delete, context, { id: 'x' });
    expect(subjectsSeen).toEqual(Array.from({ length: 5 }, () => 'here'));
    handling.unsubscribe();
    await there.connection.flush();
    await here.call(datasetRpc.delete, context, { id: 'x' });
    expect(subjectsSeen.at(-1)).toBe('over the bus');
    await Promise.all([here.close(), there.close(), over.close()]);
  });

  it('never hold the objects of the other side', async () => {
    const exchange = new Exchange();
    const [here, there] = await Promise.all([connect('gateway', { exchange }), connect('dataset', { exchange })]);
    const reply = { id: 'x', revision: 1 };
    there.handle(datasetRpc.delete, async () => reply);
    const answered = await here.call(datasetRpc.delete, context, { id: 'x' });
    expect(answered).toEqual(reply);
    expect(answered).not.toBe(reply);
    await Promise.all([here.close(), there.close()]);
  });

  it('may call no more than nats-server lets them', async () => {
    const exchange = new Exchange();
    const asked = vi.fn<LocalHandler>();
    exchange.serve(userRpc.getUser.subject, asked);
    const datasets = await connect('dataset', { exchange });
    await expect(datasets.call(userRpc.getUser, context, { id: 'me' })).rejects.toMatchObject({ code: 'unavailable' });
    expect(asked).not.toHaveBeenCalled();
    await datasets.close();
  });
});

describe('permissions', () => {
  beforeAll(async () => {
    [gateway, dataset] = await Promise.all([connect('gateway'), connect('dataset')]);
  });
  afterAll(() => Promise.all([gateway.close(), dataset.close()]));

  it('let no role in with a wrong password', async () => {
    await expect(connect('gateway', { password: 'wrong' })).rejects.toThrow('refuses these credentials');
  });

  it("let a role write no other's events", async () => {
    const refused = gateway.connection.request(subjects.aggregate('user', 'usr_x'), '{}', { timeout: 500 });
    await expect(refused).rejects.toThrow(/permission|no responders|timeout/i);
    const violations = [subjects.aggregate('job', 'job_x'), 'rpc.user.log-in'];
    for (const subject of violations) {
      const attempt = dataset.connection.request(subject, '{}', { timeout: 500 });
      await expect(attempt).rejects.toThrow(/permission/i);
    }
  });
});
