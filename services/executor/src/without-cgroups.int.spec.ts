// A node on which no control group can be made: who belongs to a job is read from /proc, and its memory is watched.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentProcess } from './testing/agent-process.ts';
import { eventually } from './testing/eventually.ts';
import { membersOf, processesOf, shell, startWorld, type World } from './testing/world.ts';

const MIB = 2 ** 20;

let world: World;
let agent: AgentProcess;
beforeAll(async () => {
  world = await startWorld();
  agent = await world.startAgent({ BATON_CONTROL_GROUPS: 'off' });
});
afterAll(() => world.stop());

/** What `tail` has read lies in its memory, until somebody takes it. */
const hold = (bytes: number, seconds: number) =>
  `head -c ${bytes} /dev/zero | setsid tail -c ${bytes} | (sleep ${seconds}; wc -c)`;

describe('a job without a control group', () => {
  it('makes none', async () => {
    const spec = shell(`grep -c baton-${world.nodeId} /proc/self/cgroup; exit 0`);
    world.scheduler.want(spec);
    expect((await world.scheduler.ended(spec)).lastLines).toEqual(['0']);
  });

  it('that uses more memory than it asked for is killed, and told so; another is not', async () => {
    const greedy = shell(`${hold(200 * MIB, 300)}; exit 3`, { memoryBytes: 64 * MIB });
    const modest = shell(`${hold(10 * MIB, 4)}`, { memoryBytes: 64 * MIB });
    world.scheduler.want(greedy, modest);
    const result = await world.scheduler.ended(greedy);
    expect(result).toMatchObject({ reason: 'out-of-memory', signal: 'SIGKILL' });
    expect(result.message).toContain('resources.memory');
    expect(membersOf(world, greedy)).toEqual([]);
    expect(await world.scheduler.ended(modest)).toMatchObject({ reason: 'exited', exitCode: 0 });
  });

  it('passes its device on only when a child in a session of its own is gone', async () => {
    const first = shell(
      `(setsid sh -c 'trap "" TERM HUP; echo $$ > "$BATON_CHECKPOINT_DIR/child"; sleep 300; sleep 300' &) ; while [ ! -s "$BATON_CHECKPOINT_DIR/child" ]; do sleep 0.01; done`,
    );
    const child = join(world.folder, 'agent', 'checkpoints', first.jobId, 'child');
    const behind = { count: 1, pool: first.devices, predecessors: [{ jobId: first.jobId, attempt: 1 }] };
    const next = shell(`grep -qs . /proc/$(cat ${child})/cmdline && echo "the child lives"; exit 0`, {
      devices: [],
      behind,
    });
    world.scheduler.want(first, next);
    expect(await world.scheduler.ended(next)).toMatchObject({ exitCode: 0, lastLines: [] });
    expect(existsSync(child) && readFileSync(child, 'utf8')).toMatch(/^\d+\n$/);
    await eventually(() => processesOf(first).length === 0, 'all of it is gone');
  });

  it('that runs by lease ends with it, and its child in a session of its own as well, when the agent is gone', async () => {
    world.scheduler.leaseMs = 3_000;
    const spec = shell('setsid sleep 300 & sleep 300', { onNodeLoss: 'requeue' });
    world.scheduler.want(spec);
    await world.scheduler.started(spec);
    await agent.kill();
    await eventually(() => processesOf(spec).length === 0, 'all of it is gone');
    agent = await world.startAgent({ BATON_CONTROL_GROUPS: 'off' });
    expect(await world.scheduler.ended(spec)).toMatchObject({ reason: 'lost' });
  });
});
