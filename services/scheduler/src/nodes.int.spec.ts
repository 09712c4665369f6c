// Nodes as admins handle them, over NATS: join tokens, credentials, cordons, removal, with and without jobs.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { type NodeView, type Rpc, schedulerRpc, systemPrincipal } from '@baton/contracts';
import type { Static, TSchema } from 'typebox';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { aUser, by, NODE_ID, startWorld, type World } from './testing/world.ts';

const admin = aUser({ role: 'admin' });
const user = aUser();
const PATIENCE = { timeout: 60_000, interval: 30 };

let world: World;
beforeAll(async () => {
  world = await startWorld();
  await world.agent.sync();
});
afterAll(() => world.stop());

function ask<Q extends TSchema, R extends TSchema>(rpc: Rpc<Q, R>, body: Static<Q>, who = admin): Promise<Static<R>> {
  return world.gateway.call(rpc, by(who), body);
}
const refused = (code: string) => expect.objectContaining({ code }) as Error;
const node = (id: string) => ask(schedulerRpc.getNode, { id }, user);

/** What an agent makes for itself. */
function credentials() {
  const secret = randomBytes(32).toString('base64url');
  const publicKey = `U${Array.from(randomBytes(55), (byte) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[byte & 31]).join('')}`;
  return { secret, publicKey, tokenHash: createHash('sha256').update(secret).digest('hex') };
}
const joinWith = (token: string, { publicKey, tokenHash } = credentials()) =>
  ask(schedulerRpc.joinNode, { token, publicKey, tokenHash }, aUser());
const agentTokenOf = (id: string, secret: string) => `bag_${id.slice(4)}_${secret}`;
const authenticate = (token: string) =>
  world.gateway.call(schedulerRpc.authenticateAgent, by(systemPrincipal('gateway')), { token });
const keys = () => (existsSync(world.keysFile) ? (JSON.parse(readFileSync(world.keysFile, 'utf8')) as unknown[]) : []);

describe('only an admin', () => {
  it('adds, cordons, drains and removes nodes', async () => {
    for (const who of [user, { ...admin, kind: 'job' as const }]) {
      await expect(ask(schedulerRpc.addNode, {}, who)).rejects.toThrow(refused('forbidden'));
      await expect(ask(schedulerRpc.cordonNode, { id: NODE_ID }, who)).rejects.toThrow(refused('forbidden'));
      await expect(ask(schedulerRpc.uncordonNode, { id: NODE_ID }, who)).rejects.toThrow(refused('forbidden'));
      await expect(ask(schedulerRpc.drainNode, { id: NODE_ID }, who)).rejects.toThrow(refused('forbidden'));
      await expect(ask(schedulerRpc.removeNode, { id: NODE_ID }, who)).rejects.toThrow(refused('forbidden'));
    }
    await expect(world.gateway.call(schedulerRpc.authenticateAgent, by(admin), { token: 'bag' })).rejects.toThrow(
      refused('forbidden'),
    );
  });
});

describe('a join token', () => {
  it('lets one agent in, whose credentials are good from then on, and is no secret in the log', async () => {
    const { id, token } = await ask(schedulerRpc.addNode, { name: 'second' });
    await vi.waitFor(async () => expect(await node(id)).toMatchObject({ name: 'second', state: 'invited' }), PATIENCE);
    const own = credentials();
    expect(await joinWith(token, own)).toEqual({ id, name: 'second' });
    // The answer was lost: the same agent asks again.
    expect(await joinWith(token, own)).toEqual({ id, name: 'second' });
    expect(await authenticate(agentTokenOf(id, own.secret))).toEqual({ nodeId: id });
    await vi.waitFor(() => expect(keys()).toEqual([{ role: 'agent', nodeId: id, publicKey: own.publicKey }]), PATIENCE);
    await vi.waitFor(async () => expect((await node(id)).state).toBe('joining'), PATIENCE);
    const log = JSON.stringify(await world.nodeCommits(id));
    expect(log).toContain(own.publicKey);
    for (const secret of [token, token.slice(-43), own.secret]) expect(log).not.toContain(secret);
    await ask(schedulerRpc.removeNode, { id });
  });

  it('is refused when it is used, revoked, wrong or made up', async () => {
    const { id, token } = await ask(schedulerRpc.addNode, {});
    await joinWith(token);
    const revoked = await ask(schedulerRpc.addNode, {});
    await ask(schedulerRpc.removeNode, { id: revoked.id });
    const wrong = await ask(schedulerRpc.addNode, {});
    const made = [token, revoked.token, `${wrong.token.slice(0, -1)}${wrong.token.endsWith('A') ? 'E' : 'A'}`, 'token'];
    for (const each of [...made, token.replace('baj', 'bag')])
      await expect(joinWith(each)).rejects.toThrow(refused('unauthenticated'));
    for (const each of [id, wrong.id]) await ask(schedulerRpc.removeNode, { id: each });
  });

  it('is the same for a repeated request, and its name is taken for others', async () => {
    const context = by(admin, { idempotencyKey: 'add-a-node' });
    const first = await world.gateway.call(schedulerRpc.addNode, context, { name: 'third' });
    expect(await world.gateway.call(schedulerRpc.addNode, context, { name: 'third' })).toEqual(first);
    await expect(ask(schedulerRpc.addNode, { name: 'third' })).rejects.toThrow(refused('name_taken'));
    await ask(schedulerRpc.removeNode, { id: 'third' });
    await expect(node(first.id)).rejects.toThrow(refused('not_found'));
  });
});

describe('a removed node', () => {
  it('has no credentials any more, in no place', async () => {
    const { id, token } = await ask(schedulerRpc.addNode, {});
    const own = credentials();
    await joinWith(token, own);
    await vi.waitFor(() => expect(keys()).toHaveLength(1), PATIENCE);
    await ask(schedulerRpc.removeNode, { id });
    await expect(authenticate(agentTokenOf(id, own.secret))).rejects.toThrow(refused('unauthenticated'));
    await expect(joinWith(token, own)).rejects.toThrow(refused('unauthenticated'));
    await vi.waitFor(() => expect(keys()).toEqual([]), PATIENCE);
    await expect(ask(schedulerRpc.removeNode, { id })).rejects.toThrow(refused('not_found'));
  });
});

describe('a cordoned node', () => {
  const submit = async () => {
    const { id } = await world.submit(by(user), {});
    return id;
  };
  const state = async (id: string) => (await world.job(by(user), id)).state;
  const shown = (expected: Partial<NodeView>) =>
    vi.waitFor(async () => expect(await node(NODE_ID)).toMatchObject(expected), PATIENCE);

  it('gets no jobs and says who keeps them from it and why, also after a restart, until it is uncordoned', async () => {
    await world.agent.sync();
    await ask(schedulerRpc.cordonNode, { id: 'box', reason: 'a fan is loud' });
    await shown({ state: 'cordoned', cordon: { reason: 'a fan is loud', by: admin.userId, at: expect.any(Number) } });
    const id = await submit();
    await world.restartScheduler();
    await world.agent.sync();
    const job = await vi.waitFor(async () => {
      const found = await world.job(by(user), id);
      expect(found).toMatchObject({ state: 'queued', waiting: { code: 'node-cordoned' } });
      expect(found.waiting?.message).toContain('box (a fan is loud)');
      return found;
    }, PATIENCE);
    expect(job.attempts).toEqual([]);
    await ask(schedulerRpc.uncordonNode, { id: NODE_ID });
    await vi.waitFor(async () => expect(await state(id)).toBe('assigned'), PATIENCE);
    await world.agent.tell({ type: 'started', jobId: id, attempt: 1 });
    await world.agent.tell(world.agent.ended(id, 1));
    await shown({ state: 'ready', cordon: null });
  });

  it('that is drained keeps what runs, is shown as draining, and then as cordoned', async () => {
    const id = await submit();
    await vi.waitFor(async () => expect(await state(id)).toBe('assigned'), PATIENCE);
    await world.agent.tell({ type: 'started', jobId: id, attempt: 1 });
    expect(await ask(schedulerRpc.drainNode, { id: NODE_ID })).toMatchObject({ jobs: [id] });
    await world.agent.sync();
    await shown({ state: 'draining', cordon: expect.objectContaining({ reason: 'drained' }) as never });
    expect(await state(id)).toBe('running');
    await world.agent.tell(world.agent.ended(id, 1));
    expect(await ask(schedulerRpc.drainNode, { id: NODE_ID })).toMatchObject({ jobs: [] });
    await shown({ state: 'cordoned' });
    await ask(schedulerRpc.uncordonNode, { id: NODE_ID });
  });
});

describe('the node of a dead server', () => {
  it('is removed by force alone while a job is on it, and the job is queued again as lost', async () => {
    await world.agent.sync();
    const { id } = await world.submit(by(user), {});
    await vi.waitFor(async () => expect((await world.job(by(user), id)).state).toBe('assigned'), PATIENCE);
    await world.agent.tell({ type: 'started', jobId: id, attempt: 1 });
    await expect(ask(schedulerRpc.removeNode, { id: NODE_ID, force: true })).rejects.toThrow(/Stop that agent first/);
    // Silence, and nobody knows whether it is dead.
    await vi.waitFor(async () => expect((await node(NODE_ID)).state).toBe('unreachable'), PATIENCE);
    await expect(ask(schedulerRpc.removeNode, { id: NODE_ID })).rejects.toThrow(refused('conflict'));
    expect((await world.job(by(user), id)).state).toBe('running');
    await ask(schedulerRpc.removeNode, { id: NODE_ID, force: true, reason: 'it burnt' });
    await vi.waitFor(async () => {
      const job = await world.job(by(user), id);
      expect(job).toMatchObject({ state: 'queued', counters: { userFailures: 0, infrastructureLosses: 1 } });
      expect(job.attempts[0]?.result).toMatchObject({
        reason: 'lost',
        message: 'Its node was removed by an admin.',
        // There are no streams of output here.
        fence: { logs: 0, metrics: 0 },
      });
    }, PATIENCE);
    // Should it live after all: it is told so, and nothing of it counts.
    await expect(world.agent.sync()).rejects.toThrow(refused('forbidden'));
    expect((await ask(schedulerRpc.listNodes, {})).items).toEqual([]);
  });
});
