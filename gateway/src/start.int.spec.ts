// What stands in the way of a start is said, with what to do.
import { schedulerRpc } from '@baton/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startGateway } from './start.ts';
import { type GatewayFixture, startFixture } from './testing/fixture.ts';

let fixture: GatewayFixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.stop());

it('names the port that is in use', async () => {
  const { port } = new URL(fixture.gateway.url);
  await expect(startGateway({ ...fixture.environment, BATON_PORT: port })).rejects.toThrow(
    `Port ${port} on 127.0.0.1 is in use. Stop what listens there, or set BATON_PORT`,
  );
});
it('refuses to listen beyond this machine without TLS, unless told so in so many words', async () => {
  await expect(startGateway({ ...fixture.environment, BATON_HOST: '0.0.0.0' })).rejects.toThrow(
    'BATON_INSECURE_BIND=i-know',
  );
  await expect(
    startGateway({ ...fixture.environment, BATON_HOST: '0.0.0.0', BATON_INSECURE_BIND: 'yes' }),
  ).rejects.toThrow('BATON_INSECURE_BIND=i-know');
  const open = await startGateway({ ...fixture.environment, BATON_HOST: '0.0.0.0', BATON_INSECURE_BIND: 'i-know' });
  await open.close();
});
it('names what is missing from the configuration', async () => {
  await expect(startGateway({})).rejects.toThrow('BATON_UPLOAD_FOLDER is required');
});
it('keeps its output streams against deletion, for thirty days', async () => {
  const { jetstreamManager } = await import('@nats-io/jetstream');
  const manager = await jetstreamManager(fixture.services.connection);
  const { config } = await manager.streams.info('LOGS');
  expect(config).toMatchObject({ storage: 'file', deny_delete: true, max_age: 30 * 86_400 * 1e9 });
});
it('answers what is under way when it stops, and waits for no idle connection', async () => {
  const gateway = await startGateway({
    ...fixture.environment,
    BATON_UPLOAD_FOLDER: `${fixture.folder.path}/stopping`,
  });
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  fixture.answer(schedulerRpc.listNodes, async () => {
    begun.resolve();
    await gate.promise;
    return { items: [], nextCursor: null };
  });
  await fixture.services.connection.flush();
  const answer = fetch(`${gateway.url}/api/v1/nodes`, { headers: { authorization: 'Bearer alice' } });
  await begun.promise;
  const since = performance.now();
  const closed = gateway.close();
  gate.resolve();
  expect((await answer).status).toBe(200);
  await closed;
  expect(performance.now() - since).toBeLessThan(30_000);
});
