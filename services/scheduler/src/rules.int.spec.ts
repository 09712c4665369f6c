// The policy and reservations over NATS: changed by admins, followed by every scheduler, kept over a restart.
import { bookingRpc, DEFAULT_POLICY, POLICY_ID, policyRpc, type Rpc } from '@baton/contracts';
import { openPlatform, type OpenPlatform, parseEnvironment, ServiceSettings } from '@baton/service-host';
import { type TemporaryFolder, temporaryFolder } from '@baton/testkit';
import type { Static, TSchema } from 'typebox';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openRules, type Rules } from './rules.module.ts';
import { ADA, aUser, by, NODE_ID, startWorld, VISION, type World } from './testing/world.ts';

const HOUR = 3_600_000;
const admin = aUser({ role: 'admin', groups: [VISION.id] });
const user = aUser();
const PATIENCE = { timeout: 60_000, interval: 30 };

let world: World;
let folder: TemporaryFolder;
let second: OpenPlatform;
let rules: Rules;
const changed = vi.fn<() => void>();

beforeAll(async () => {
  world = await startWorld();
  world.agent.slots = { cpu: 1, gpu: 2 };
  await world.agent.sync();
  folder = await temporaryFolder();
  const environment = { ...world.environment, BATON_READ_STORE: `sqlite:${folder.path}` };
  second = await openPlatform('scheduler', [], parseEnvironment(ServiceSettings, environment));
  rules = await openRules(second.platform, changed);
});
afterAll(async () => {
  await second.close();
  await world.stop();
  await folder.cleanup();
});

function ask<Q extends TSchema, R extends TSchema>(rpc: Rpc<Q, R>, body: Static<Q>, who = admin): Promise<Static<R>> {
  return world.gateway.call(rpc, by(who), body);
}
const refused = (code: string, pointer?: string) =>
  expect.objectContaining({
    code,
    ...(pointer === undefined ? {} : { issues: [expect.objectContaining({ pointer })] }),
  }) as Error;

describe('the policy', () => {
  it('is the default until somebody changes it, for everybody to read', async () => {
    const view = await ask(policyRpc.get, {}, user);
    expect(view).toMatchObject({ id: POLICY_ID, version: 0, revision: 0, at: null, by: null, comment: null });
    expect(await ask(policyRpc.check, { policy: view.policy })).toMatchObject({
      version: 0,
      changes: [],
      warnings: [],
    });
    expect(rules.policies.current()).toEqual({ policy: DEFAULT_POLICY, version: 0 });
  });

  it('that an admin applies is followed by another scheduler, and holds no address', async () => {
    changed.mockClear();
    const policy = {
      order: 'fifo',
      fairShare: { users: { [ADA.email]: 2 } },
      quotas: [{ group: VISION.name, hardGpus: 1 }],
    } as const;
    const document = { ...policy, quotas: [...policy.quotas] };
    const context = by(admin, { idempotencyKey: 'apply-fifo', ifRevision: 0 });
    const apply = () => world.gateway.call(policyRpc.apply, context, { policy: document, comment: 'exams' });
    const applied = await apply();
    expect(applied).toEqual({ id: POLICY_ID, revision: 1, version: 1, changed: true, warnings: [] });
    expect(await apply()).toEqual(applied);
    await vi.waitFor(
      () => expect(rules.policies.current()).toMatchObject({ version: 1, policy: { order: 'fifo' } }),
      PATIENCE,
    );
    expect(rules.policies.current().policy.fairShare.users).toEqual({ [ADA.id]: 2 });
    expect(changed).toHaveBeenCalledOnce();
    expect(
      JSON.stringify(await second.platform.events.readAggregate({ aggregate: 'policy', id: POLICY_ID })),
    ).not.toContain('@');
    expect(await ask(policyRpc.apply, { policy: document })).toMatchObject({ version: 1, changed: false });
  });

  it('is refused by its version, its names and its contradictions, and stays as it is', async () => {
    const stale = world.gateway.call(policyRpc.apply, by(admin, { ifRevision: 0 }), { policy: {} });
    await expect(stale).rejects.toThrow(refused('revision_mismatch'));
    const wrong = [
      [{ quotas: [{ user: 'eve@example.com', hardGpus: 1 }] }, '/quotas/0/user'],
      [{ fairShare: { groups: { nobody: 1 } } }, '/fairShare/groups/nobody'],
      [{ defaultClass: 'none' }, '/defaultClass'],
    ] as const;
    for (const [policy, pointer] of wrong) {
      await expect(ask(policyRpc.apply, { policy: structuredClone(policy) as object })).rejects.toThrow(
        refused('invalid_input', pointer),
      );
      await expect(ask(policyRpc.check, { policy: structuredClone(policy) as object })).rejects.toThrow(
        refused('invalid_input', pointer),
      );
    }
    expect((await ask(policyRpc.get, {})).version).toBe(1);
  });

  it('is tried out without being changed, with what the nodes can not give', async () => {
    const check = await ask(policyRpc.check, { policy: { quotas: [{ group: VISION.id, guaranteedGpus: 3 }] } });
    expect(check.warnings).toEqual([{ pointer: '/quotas', detail: expect.stringContaining('3 GPUs') as string }]);
    expect(check.changes).toContainEqual({ what: 'order', before: 'fifo', after: 'fair-share' });
    expect(check.treatedDifferently).toEqual([]);
    expect((await ask(policyRpc.get, {})).version).toBe(1);
  });

  it('is changed and tried out by admins alone', async () => {
    for (const who of [user, { ...admin, kind: 'job' as const }]) {
      await expect(ask(policyRpc.apply, { policy: {} }, who)).rejects.toThrow(refused('forbidden'));
      await expect(ask(policyRpc.check, { policy: {} }, who)).rejects.toThrow(refused('forbidden'));
    }
  });

  it('has a history, of which each version can be had, also after a restart', async () => {
    await ask(policyRpc.apply, { policy: {} });
    await world.restartScheduler();
    const newest = await ask(policyRpc.versions, { limit: 2 }, user);
    expect(newest.items).toMatchObject([
      { version: 2, by: admin.userId, comment: null },
      { version: 1, by: admin.userId, comment: 'exams' },
    ]);
    const rest = await ask(policyRpc.versions, { cursor: newest.nextCursor ?? '' }, user);
    expect(rest).toEqual({ items: [{ version: 0, at: null, by: null, comment: null }], nextCursor: null });
    expect((await ask(policyRpc.get, { version: 1 })).policy).toMatchObject({
      order: 'fifo',
      fairShare: { users: { [ADA.id]: 2 } },
    });
    expect((await ask(policyRpc.get, {})).policy).toEqual((await ask(policyRpc.get, { version: 0 })).policy);
    await expect(ask(policyRpc.get, { version: 3 })).rejects.toThrow(refused('not_found'));
  });
});

describe('a reservation', () => {
  const from = Date.now() + HOUR;
  const lecture = {
    node: 'box',
    devices: ['1'],
    from,
    for: '2h',
    users: [ADA.email],
    groups: [VISION.name],
    reason: 'lecture',
  };

  it('is made by an admin, once, seen by everybody, and followed by another scheduler', async () => {
    changed.mockClear();
    await world.agent.sync();
    const context = by(admin, { idempotencyKey: 'lecture' });
    const made = await world.gateway.call(bookingRpc.make, context, lecture);
    expect(await world.gateway.call(bookingRpc.make, context, lecture)).toEqual(made);
    const waiting = by(user, { waitForRevision: made.revision });
    expect(await world.gateway.call(bookingRpc.get, waiting, { id: made.id })).toMatchObject({
      ...made,
      state: 'coming',
      nodeId: NODE_ID,
      nodeName: 'box',
      devices: ['gpu-1'],
      from,
      until: from + 2 * HOUR,
      userIds: [ADA.id],
      groupIds: [VISION.id],
      reason: 'lecture',
      by: admin.userId,
    });
    await vi.waitFor(() => expect(rules.bookings.current(Date.now())).toHaveLength(1), PATIENCE);
    expect(rules.bookings.current(Date.now())).toMatchObject([{ id: made.id, devices: ['gpu-1'], userIds: [ADA.id] }]);
    expect(rules.bookings.current(from + 2 * HOUR)).toEqual([]);
    expect(changed).toHaveBeenCalledOnce();
  });

  it.each([
    ['of an unknown node', { node: 'other' }, '/node'],
    ['of an unknown device', { devices: ['gpu-0', '2'] }, '/devices/1'],
    ['for an unknown user', { users: ['eve@example.com'] }, '/users/0'],
    ['for an unknown group', { groups: [VISION.name, 'nobody'] }, '/groups/1'],
    ['for some and for nobody', { repair: true }, '/repair'],
    ['of a duration that is none', { for: 'long' }, '/for'],
    ['of no time', { for: 0 }, '/for'],
    ['of more than 90 days', { for: '91d' }, '/for'],
    ['in the past', { from: from - 2 * HOUR }, '/from'],
  ])('%s is refused', async (_what, change, pointer) => {
    await expect(ask(bookingRpc.make, { ...lecture, devices: ['0'], ...change })).rejects.toThrow(
      refused('invalid_input', pointer),
    );
  });

  it('for nobody is refused unless it is a repair', async () => {
    const { users: _users, groups: _groups, ...nobody } = lecture;
    const terms = { ...nobody, devices: ['gpu-0'] };
    await expect(ask(bookingRpc.make, terms)).rejects.toThrow(refused('invalid_input', '/users'));
    const { id } = await ask(bookingRpc.make, { ...terms, repair: true });
    expect((await ask(bookingRpc.list, { node: NODE_ID })).items.map((each) => each.id)).toContain(id);
    await ask(bookingRpc.cancel, { id });
  });

  it('is refused where devices are reserved, by admins alone made and cancelled, and free again afterwards', async () => {
    const [{ id, revision } = { id: '', revision: 0 }] = (await ask(bookingRpc.list, {}, user)).items;
    const whole = { node: NODE_ID, from: from + HOUR, for: 3_600, repair: true };
    await expect(ask(bookingRpc.make, whole)).rejects.toThrow(id);
    await expect(ask(bookingRpc.make, whole, user)).rejects.toThrow(refused('forbidden'));
    await expect(ask(bookingRpc.cancel, { id }, user)).rejects.toThrow(refused('forbidden'));
    const stale = world.gateway.call(bookingRpc.cancel, by(admin, { ifRevision: revision + 1 }), { id });
    await expect(stale).rejects.toThrow(refused('revision_mismatch'));
    const cancelled = await world.gateway.call(bookingRpc.cancel, by(admin, { ifRevision: revision }), {
      id,
      reason: 'rain',
    });
    expect(await ask(bookingRpc.cancel, { id })).toEqual(cancelled);
    await ask(bookingRpc.make, whole);
    await vi.waitFor(
      () => expect(rules.bookings.current(Date.now())).toMatchObject([{ devices: null, userIds: [] }]),
      PATIENCE,
    );
    await expect(ask(bookingRpc.cancel, { id: 'bkg_none' })).rejects.toThrow(refused('not_found'));
  });

  it('is there after a restart, in order of their beginning, and the cancelled ones if they are asked for', async () => {
    await world.restartScheduler();
    expect((await ask(bookingRpc.list, {}, user)).items.map(({ state }) => state)).toEqual(['coming']);
    const { items, nextCursor } = await ask(bookingRpc.list, { all: true, limit: 2 }, user);
    const rest = await ask(bookingRpc.list, { all: true, cursor: nextCursor ?? '' }, user);
    expect(new Set(items.map(({ cancelled }) => cancelled?.reason))).toEqual(new Set(['', 'rain']));
    expect(rest).toMatchObject({ items: [{ from: from + HOUR, cancelled: null }], nextCursor: null });
  });
});
