// `BATON_JOB_USER=... npm start`: jobs of an installation of root's run as somebody else, who sees nothing of it.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { run, shell } from './jobs.ts';
import { signUpAdmin } from './people.ts';
import { platformOfTest } from './platform.ts';

const NOBODY = '65534';
const WAITER = fileURLToPath(new URL('../../services/executor/assets/waiter.sh', import.meta.url));

function isPossible(): boolean {
  if (process.getuid?.() !== 0) return false;
  return (
    spawnSync('setpriv', ['--reuid', NOBODY, '--clear-groups', '--', 'test', '-r', WAITER], { cwd: '/' }).status === 0
  );
}

it('runs jobs as the user that is named, out of reach of the state folder', async (context) => {
  if (!isPossible()) return context.skip('needs root, setpriv, and a checkout that others can read');
  const platform = await platformOfTest({ BATON_JOB_USER: NOBODY, BATON_JOB_PATH: '/usr/local/bin:/usr/bin:/bin' });
  await platform.start();
  const admin = await signUpAdmin(platform);
  const folders = ['', 'secrets', 'keys', 'blobs', 'nats', 'read', 'logs', 'agent', 'agent/cache'];
  const look = folders.map((name) => `ls ${platform.home}/${name} 2>/dev/null && echo "can list ${name}"`);
  const files = ['secrets/installation', 'agent/journal.ndjson', 'agent/node-id', 'logs/agent.log'];
  const read = files.map((name) => `cat ${platform.home}/${name} 2>/dev/null && echo "can read ${name}"`);
  const script = [...look, ...read, 'id -u', 'echo weights > "$BATON_OUTPUT_DIR/w"'].join('\n');
  const job = await run(admin, shell(script));
  expect(await admin.jobs.logs(job.id)).toBe(`${NOBODY}\n`);
  expect(job).toMatchObject({ state: 'succeeded', attempts: [{ result: { artifacts: { fileCount: 1 } } }] });
});
