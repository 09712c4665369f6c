// A job and what stands beside it are those of its agent's version: an update puts others in the installation's place while it runs.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { shell, startWorld, type World } from './testing/world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
  await world.startAgent();
});
afterAll(() => world.stop());

it('uses the scripts that came with the agent', async () => {
  const script =
    'command -v baton-take; python3 -c "import baton; print(baton.__file__)"; tr "\\0" "\\n" </proc/$PPID/cmdline';
  const spec = shell(script);
  world.scheduler.want(spec);
  await world.scheduler.ended(spec);
  const lines = (await world.log(spec, 'stdout')).toString().trim().split('\n');
  const tools = join(world.folder, 'agent', 'tools');
  const scripts = lines.filter((line) => /(baton-take|baton\.py|supervisor\.sh|waiter\.sh)$/.test(line));
  expect(scripts.length).toBeGreaterThanOrEqual(3);
  for (const path of scripts) expect(path).toContain(`${tools}/`);
});
