// A rank on real processes: it waits for its peers with all it needs, starts once when they are ready, whatever becomes of the agent.
import type { DesiredAttempt } from '@baton/contracts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentProcess } from './testing/agent-process.ts';
import { eventually } from './testing/eventually.ts';
import { membersOf, shell, startWorld, type World } from './testing/world.ts';

let world: World;
let agent: AgentProcess;
beforeEach(async () => {
  world = await startWorld();
  agent = await world.startAgent();
});
afterEach(() => world.stop());

const NODES = [
  { name: 'one', address: '10.0.0.1' },
  { name: 'two', address: '10.0.0.2' },
];
const SCRIPT =
  'echo run >> "$BATON_CHECKPOINT_DIR/runs"; echo $RANK/$WORLD_SIZE $BATON_NODE_RANK/$BATON_NUM_NODES $BATON_NODE_LIST $MASTER_ADDR:$MASTER_PORT';

const ranked = (rank: number, script = SCRIPT): DesiredAttempt =>
  shell(script, { gang: { rank, nodes: NODES, rendezvous: null } });

function permitted(spec: DesiredAttempt): DesiredAttempt {
  const gang = spec.gang && { ...spec.gang, rendezvous: { host: '10.0.0.1', port: 4_567 } };
  return gang === undefined ? spec : { ...spec, gang };
}

const typesOf = (spec: DesiredAttempt) => world.scheduler.of(spec).map(({ type }) => type);
const staged = (spec: DesiredAttempt) => eventually(() => typesOf(spec).includes('staged'), 'it is staged');
const portOf = (spec: DesiredAttempt) =>
  world.scheduler.of(spec).find((fact): fact is Extract<typeof fact, { type: 'staged' }> => fact.type === 'staged')
    ?.port;

function runsOf(spec: DesiredAttempt): number {
  const folder = join(world.folder, 'agent', 'checkpoints', spec.jobId, 'runs');
  try {
    return readFileSync(folder, 'utf8').split('\n').length - 1;
  } catch {
    return 0;
  }
}

describe('a rank of a job on several nodes', () => {
  it('waits on its devices until all are ready, and finds its place and the meeting place in its environment', async () => {
    const spec = ranked(1);
    world.scheduler.want(spec);
    await staged(spec);
    const predecessors = [{ jobId: spec.jobId, attempt: spec.attempt }];
    const behindIt = shell('true', { devices: [], behind: { count: 1, pool: spec.devices, predecessors } });
    world.scheduler.want(spec, behindIt);
    const syncs = world.scheduler.syncs;
    await eventually(() => world.scheduler.syncs > syncs + 2, 'some time has passed');
    expect(typesOf(spec)).toEqual(['starting', 'staged']);
    expect(typesOf(behindIt)).not.toContain('started');
    expect(runsOf(spec)).toBe(0);
    world.scheduler.want(permitted(spec), behindIt);
    expect(await world.scheduler.ended(spec)).toMatchObject({
      exitCode: 0,
      lastLines: ['1/2 1/2 10.0.0.1,10.0.0.2 10.0.0.1:4567'],
    });
    await world.scheduler.ended(behindIt);
    expect(portOf(spec)).toBe(undefined);
  });

  it('names a free port where it is the first', async () => {
    const spec = ranked(0);
    world.scheduler.want(spec);
    await staged(spec);
    expect(portOf(spec)).toBeGreaterThan(1_023);
  });

  it('starts once, where the agent was killed before it could be told', async () => {
    const spec = ranked(1);
    world.scheduler.want(spec);
    await staged(spec);
    await agent.kill();
    world.scheduler.want(permitted(spec));
    await world.startAgent();
    expect(await world.scheduler.ended(spec)).toMatchObject({ exitCode: 0 });
    expect(runsOf(spec)).toBe(1);
    expect(typesOf(spec)).toEqual(['starting', 'staged', 'started', 'released', 'ended']);
  });

  it('starts at most once, with the same meeting place, where the agent is killed as it is told', async () => {
    for (let round = 0; round < 4; round += 1) {
      const spec = ranked(1);
      world.scheduler.want(spec);
      await staged(spec);
      world.scheduler.want(permitted(spec));
      await new Promise((resolve) => setTimeout(resolve, round * 3));
      await agent.kill();
      agent = await world.startAgent();
      const result = await world.scheduler.ended(spec);
      expect(result.lastLines).toEqual(['1/2 1/2 10.0.0.1,10.0.0.2 10.0.0.1:4567']);
      expect(runsOf(spec)).toBe(1);
    }
  });

  it('is stopped while it waits, and never runs', async () => {
    const spec = ranked(1);
    world.scheduler.want(spec);
    await staged(spec);
    world.scheduler.want({ ...spec, want: 'stop' });
    expect(await world.scheduler.ended(spec)).toMatchObject({ reason: 'cancelled', startedAt: null });
    expect(runsOf(spec)).toBe(0);
    expect(membersOf(world, spec)).toEqual([]);
  });
});
