// A job that waits for its card and is on one already: found by nvidia-smi's list of processes, ended, and told why.
import type { DesiredAttempt, Device } from '@baton/contracts';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CARD_USERS_QUERY } from './domain/card-users.ts';
import { eventually } from './testing/eventually.ts';
import { fakeNvidiaSmi } from './testing/fake-nvidia-smi.ts';
import { H100, modernCard, smiLog } from './testing/nvidia-smi-texts.ts';
import { job, membersOf, processesOf, shell, startWorld, type World } from './testing/world.ts';

let world: World;
let tools: string;
beforeAll(async () => {
  world = await startWorld();
  tools = join(world.folder, 'tools');
  mkdirSync(tools);
  await onCard();
  await world.startAgent({
    BATON_JOB_PATH: `${tools}:${process.env['PATH'] ?? ''}`,
    BATON_EARLY_LOOK_MS: '50',
    BATON_DESCRIBE_MS: '100',
  });
});
afterAll(() => world.stop());

const card: Device = { id: H100, kind: 'gpu', index: 0, model: 'x', memoryBytes: 1 };

function onCard(...pids: readonly number[]): Promise<void> {
  const users = pids.map((pid) => `${pid}, ${H100}\n`).join('');
  return fakeNvidiaSmi(tools, { '-q -x': smiLog(modernCard()), [CARD_USERS_QUERY.join(' ')]: users });
}

/** Says which process it is, in a session of its own, and waits; takes its card when that is free. */
function early(behind: DesiredAttempt): DesiredAttempt {
  const worker = `setsid sh -c 'echo $$ > "$BATON_CHECKPOINT_DIR/worker.new"; mv "$BATON_CHECKPOINT_DIR/worker.new" "$BATON_CHECKPOINT_DIR/worker"; exec sleep 300' &`;
  const predecessors = [{ jobId: behind.jobId, attempt: behind.attempt }];
  return job(['sh', '-c', `${worker} exec baton-take -- sh -c 'echo card=$CUDA_VISIBLE_DEVICES; sleep 300'`], {
    devices: [],
    behind: { count: 1, pool: [card], predecessors },
    earlyStart: true,
  });
}

async function workerOf(spec: DesiredAttempt): Promise<number> {
  const file = join(world.folder, 'agent', 'checkpoints', spec.jobId, 'worker');
  await eventually(() => existsSync(file), 'its worker runs');
  return Number(readFileSync(file, 'utf8'));
}

async function waitsBehindRunning(): Promise<{ first: DesiredAttempt; next: DesiredAttempt; worker: number }> {
  const first = shell('sleep 300', { devices: [card] });
  const next = early(first);
  world.scheduler.want(first, next);
  await world.scheduler.started(first);
  return { first, next, worker: await workerOf(next) };
}

describe('an early-started job', () => {
  it('whose worker is on a card before its turn is ended with the reason; who has the card goes on', async () => {
    const { first, next, worker } = await waitsBehindRunning();
    const [holder = 0] = membersOf(world, first);
    await onCard(holder, worker);
    const result = await world.scheduler.ended(next);
    expect(result).toMatchObject({ reason: 'took-early', startedAt: null });
    expect(result.message).toContain('only after baton.take() has returned');
    expect(result.message).toContain(`process ${worker} is on ${H100}`);
    expect(membersOf(world, next)).toEqual([]);
    expect(processesOf(first)).not.toEqual([]);
    await onCard();
    world.scheduler.want({ ...first, want: 'stop' });
    await world.scheduler.ended(first);
  });

  it('is left alone while it waits beside others on the card, and when it is on its card in its turn', async () => {
    const { first, next, worker } = await waitsBehindRunning();
    const [holder = 0] = membersOf(world, first);
    await onCard(holder, process.pid);
    const syncs = world.scheduler.syncs;
    await eventually(() => world.scheduler.syncs > syncs + 2, 'some looks later');
    expect(processesOf(next)).toContain(worker);
    await onCard();
    world.scheduler.want({ ...first, want: 'stop' }, next);
    await world.scheduler.started(next);
    await onCard(worker);
    const later = world.scheduler.syncs;
    await eventually(() => world.scheduler.syncs > later + 2, 'some looks later');
    expect((await world.log(next, 'stdout')).toString()).toBe(`card=${H100}\n`);
    expect(processesOf(next)).toContain(worker);
    world.scheduler.want({ ...next, want: 'stop' });
    expect(await world.scheduler.ended(next)).toMatchObject({ reason: 'cancelled' });
  });
});
