// Early start: a waiting command runs already, and stops at its own `baton.take()` until the card is its own.
import type { DesiredAttempt, Device } from '@baton/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentProcess } from './testing/agent-process.ts';
import { eventually } from './testing/eventually.ts';
import { HandOff, HOLD, NEXT, waitingFor } from './testing/hand-off.ts';
import { processesOf, shell, startWorld, type World } from './testing/world.ts';

let world: World;
let agent: AgentProcess;
beforeEach(async () => {
  world = await startWorld();
  agent = await world.startAgent();
});
afterEach(() => world.stop());

const handOff = new HandOff(() => world);

describe('an early-started attempt', () => {
  const python = process.env['BATON_PYTHON'] ?? 'python3';
  const early = (script: string, ...predecessors: DesiredAttempt[]) => ({
    ...waitingFor('', ...predecessors),
    command: [python, '-c', script],
    earlyStart: true,
  });
  const TAKES = [
    'import os, baton',
    'runs = os.environ["BATON_CHECKPOINT_DIR"] + "/runs"',
    'print("imported", repr(os.environ["CUDA_VISIBLE_DEVICES"]), flush=True)',
    'cards = baton.take()',
    'open(runs, "a").write("run")',
    'print("took", cards, os.environ["CUDA_VISIBLE_DEVICES"], baton.take() == cards, flush=True)',
  ].join('\n');
  const card = (index: number): Device => ({ id: `GPU-${index}`, kind: 'gpu', index, model: 'x', memoryBytes: 1 });

  it('runs up to its own take() behind the running one, without seeing the card', async () => {
    const first = shell(HOLD, { devices: [card(7)] });
    const next = early(TAKES, first);
    world.scheduler.want(first, next);
    await handOff.staged(next);
    await eventually(async () => (await world.log(next, 'stdout')).includes("imported ''"), 'it has imported');
    expect(handOff.runs(next)).toBe(0);
    handOff.release(first);
    expect(await world.scheduler.ended(next)).toMatchObject({ reason: 'exited', exitCode: 0 });
    expect((await world.log(next, 'stdout')).toString()).toContain("took ['GPU-7'] GPU-7 True");
    expect(handOff.types(next)).toEqual(['staged', 'started', 'taken', 'released', 'ended']);
  });

  it('works for any language through baton-take', async () => {
    const first = shell(HOLD, { devices: [card(3)] });
    const command = ['baton-take', '--', 'sh', '-c', `${NEXT}; echo card=$CUDA_VISIBLE_DEVICES`];
    const next = { ...early('', first), command };
    world.scheduler.want(first, next);
    await handOff.staged(next);
    handOff.release(first);
    expect(await world.scheduler.ended(next)).toMatchObject({ reason: 'exited', exitCode: 0 });
    expect((await world.log(next, 'stdout')).toString()).toBe('card=GPU-3\n');
    expect(handOff.types(next)).toContain('taken');
  });

  it('is found again by the next agent, and gets its turn', async () => {
    const first = shell(HOLD);
    const next = early(TAKES, first);
    world.scheduler.want(first, next);
    await handOff.staged(next);
    await agent.kill();
    handOff.release(first);
    agent = await world.startAgent();
    expect(await world.scheduler.ended(next)).toMatchObject({ reason: 'exited', exitCode: 0 });
    expect(handOff.runs(next)).toBe(1);
  });

  it('is ended, with the reason, when it does not take the card in time', async () => {
    await agent.stop();
    agent = await world.startAgent({ BATON_TAKE_LIMIT_MS: '300' });
    const first = shell(HOLD);
    const next = early('import time; time.sleep(300)', first);
    world.scheduler.want(first, next);
    await handOff.staged(next);
    handOff.release(first);
    const result = await world.scheduler.ended(next);
    expect(result).toMatchObject({ reason: 'not-taken' });
    expect(result.message).toContain('baton.take()');
  });

  it('that crashes before its turn ends as the failure that it is', async () => {
    const first = shell(HOLD);
    const next = early('import no_such_module', first);
    world.scheduler.want(first, next);
    const result = await world.scheduler.ended(next);
    expect(result).toMatchObject({ reason: 'exited', exitCode: 1, startedAt: null });
    expect(result.lastLines.join('\n')).toContain('no_such_module');
    expect(processesOf(first)).not.toEqual([]);
  });

  it('goes without a wait where the card is free: take() returns at once', async () => {
    const alone = { ...shell(''), command: [python, '-c', TAKES], earlyStart: true, devices: [card(1)] };
    world.scheduler.want(alone);
    expect(await world.scheduler.ended(alone)).toMatchObject({ exitCode: 0 });
    expect((await world.log(alone, 'stdout')).toString()).toContain("took ['GPU-1'] GPU-1 True");
  });
});
