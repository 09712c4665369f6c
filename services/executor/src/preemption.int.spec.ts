// A job that counts, stopped for another and started again: it goes on where its checkpoint says, and loses nothing.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from './testing/eventually.ts';
import { job, startWorld, type World } from './testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
  await world.startAgent({ BATON_CHECKPOINT_EVERY_MS: '200' });
});
afterAll(() => world.stop());

/** Saves where it is when it is asked to stop, as a training script does. */
const COUNT = `
import os, signal, sys, time
path = os.path.join(os.environ["BATON_CHECKPOINT_DIR"], "count")
count = int(open(path).read()) if os.path.exists(path) else 0
print("from", count, flush=True)
def save(*_):
    open(path, "w").write(str(count))
    print("saved", count, flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
while count < int(os.environ["UNTIL"]):
    count += 1
    time.sleep(0.01)
print("counted", count, flush=True)
`;
const python = process.env['BATON_PYTHON'] ?? 'python3';

it('goes on from its checkpoint, on another node too', async () => {
  const first = job([python, '-c', COUNT], { env: { UNTIL: '1000000' }, graceMs: 10_000 });
  world.scheduler.want(first);
  await world.scheduler.started(first);
  await eventually(async () => (await world.log(first, 'stdout')).toString().includes('from 0'), 'it counts');
  world.scheduler.want({ ...first, want: 'stop' });
  const stopped = await world.scheduler.ended(first);
  // What the scheduler calls preempted, if that is why it asked.
  expect(stopped).toMatchObject({ reason: 'cancelled', exitCode: 0, checkpoints: { fileCount: 1 } });
  const saved = Number(/saved (\d+)/.exec((await world.log(first, 'stdout')).toString())?.[1]);
  expect(saved).toBeGreaterThan(0);
  for (const folder of ['checkpoints', 'checkpoint-notes'])
    rmSync(join(world.folder, 'agent', folder, first.jobId), { recursive: true, force: true });

  const checkpoints = stopped.checkpoints?.digest ?? null;
  const second = { ...first, attempt: 2, env: { UNTIL: String(saved + 5) }, checkpoints };
  world.scheduler.want(second);
  expect(await world.scheduler.ended(second)).toMatchObject({ reason: 'exited', exitCode: 0 });
  const output = (await world.log(second, 'stdout')).toString();
  expect(output).toBe(`from ${saved}\ncounted ${saved + 5}\n`);
});
