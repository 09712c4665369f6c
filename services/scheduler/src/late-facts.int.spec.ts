// What agents tell too late, or in the name of another attempt, on a real nats-server: the job's log takes nothing of it.
import { agentRpc, type Fact, schedulerRpc, subjects, systemPrincipal } from '@baton/contracts';
import { type Bus, connectBus } from '@baton/messaging';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { aUser, by, startWorld, type World } from './testing/world.ts';

const PATIENCE = { timeout: 60_000, interval: 30 };
const STRANGER = 'nod_xxxxxxxxxxxxxxxxxxxxxxxxxx';
const user = by(aUser());

let world: World;
let operator: Bus;
beforeAll(async () => {
  world = await startWorld();
  const credentials = { user: 'operator', password: 'pass-operator' };
  operator = await connectBus({ url: world.nats.url, role: 'operator', credentials });
  await world.agent.sync();
});
afterAll(async () => {
  await operator?.close();
  await world?.stop();
});

const stored = (letter: string) => ({ digest: letter.repeat(64), fileCount: 1, sizeBytes: 1 });
const checkpointed = (jobId: string, attempt: number, letter: string) =>
  ({ type: 'checkpointed', jobId, attempt, checkpoints: stored(letter) }) as const;
function leaving(jobId: string, attempt: number, letter: string) {
  const fact = world.agent.ended(jobId, attempt);
  return { ...fact, result: { ...fact.result, artifacts: stored(letter), checkpoints: stored(letter) } };
}

/** All that an agent could say of these attempts. */
const everything = (jobId: string) =>
  [1, 2, 3, 4].flatMap((attempt) => [
    { type: 'starting', jobId, attempt } as const,
    { type: 'started', jobId, attempt } as const,
    checkpointed(jobId, attempt, 'f'),
    { type: 'released', jobId, attempt } as const,
    { type: 'revoked', jobId, attempt } as const,
    leaving(jobId, attempt, 'f'),
  ]);

/** As another node, with a word on each attempt. */
async function asStranger(jobId: string): Promise<void> {
  const facts = everything(jobId).map((fact, index) => ({ at: 1, ...fact, seq: index + 1 }) as Fact);
  const subject = subjects.agentRpc(STRANGER, 'facts');
  await operator.call(agentRpc.facts, by(systemPrincipal(`agent:${STRANGER}`)), { facts }, { subject });
}

const eventsOf = async (id: string) => (await world.gateway.call(schedulerRpc.jobEvents, user, { id })).items;

/** The job's next attempt, as its node is asked to run it. */
function assigned(attempt: number) {
  return vi.waitFor(() => {
    const desired = world.agent.pushed.at(-1)?.attempts.find((one) => one.attempt === attempt);
    expect(desired).toMatchObject({ attempt, want: 'run' });
    return desired;
  }, PATIENCE);
}

it('leaves the log as it is: an older attempt, or another node, changes neither the end nor what the next attempt begins with', async () => {
  const { id } = await world.submit(user, { retries: 2 });
  await assigned(1);
  await world.agent.tell(
    { type: 'started', jobId: id, attempt: 1 },
    checkpointed(id, 1, 'a'),
    world.agent.ended(id, 1, 1),
  );
  expect(await assigned(2)).toMatchObject({ checkpoints: 'a'.repeat(64) });
  await world.agent.tell({ type: 'started', jobId: id, attempt: 2 }, checkpointed(id, 2, 'b'));

  const before = await eventsOf(id);
  const older = everything(id).filter(({ attempt }) => attempt !== 2);
  await world.agent.tell(...older);
  await asStranger(id);
  expect(await eventsOf(id)).toEqual(before);

  await world.agent.tell(world.agent.ended(id, 2, 1));
  expect(await assigned(3)).toMatchObject({ checkpoints: 'b'.repeat(64) });
  await world.agent.tell({ type: 'started', jobId: id, attempt: 3 }, leaving(id, 3, 'c'));
  const over = await eventsOf(id);
  const view = await world.job(user, id, over.at(-1)?.revision);
  expect(view).toMatchObject({ state: 'succeeded', attempts: [{}, {}, { result: { artifacts: stored('c') } }] });
  await world.agent.tell(...everything(id));
  await asStranger(id);
  expect(await eventsOf(id)).toEqual(over);
  expect(await world.job(user, id)).toEqual(view);
});

it('gets no secrets and no token for an attempt that is over', async () => {
  const { id } = await world.submit(user, { retries: 1 });
  await assigned(1);
  await world.agent.tell({ type: 'started', jobId: id, attempt: 1 }, world.agent.ended(id, 1, 1));
  await vi.waitFor(async () => expect((await world.job(user, id)).attempts).toHaveLength(2), PATIENCE);
  await expect(world.agent.secrets(id, 1)).rejects.toMatchObject({ code: 'not_found' });
  expect(await world.agent.secrets(id, 2)).toMatchObject({ token: `token of ${id}` });
});
