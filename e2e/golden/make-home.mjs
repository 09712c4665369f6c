// Makes the state folder of a release, as its users leave it behind before they update, for `upgrade.spec.ts`:
//   node e2e/golden/make-home.mjs e2e/golden/home.tar.gz [BUNDLE]    (BUNDLE: deploy/dist/bundle of a checkout of that release)
// Made once for a release and kept: what was written then is read for ever.
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BatonClient } from '@baton/sdk';
import { embeddedPlatform, freePort, temporaryFolder } from '@baton/testkit';

const [target = '', release] = process.argv.slice(2);
const folder = await temporaryFolder('baton-golden-');
const home = join(folder.path, 'home');
const ports = { port: await freePort(), servingPort: await freePort() };
const platform = embeddedPlatform({
  home,
  ...ports,
  ...(release && { release: resolve(release) }),
  env: { BATON_CPU_SLOTS: '1' },
});
const admin = { email: 'admin@example.com', name: 'Admin', password: 'correct horse battery' };

async function until(client, id, state) {
  while ((await client.jobs.get(id)).state !== state) await sleep(50);
}

try {
  await platform.start();
  const stranger = new BatonClient({ url: platform.url });
  await stranger.users.signUp({ token: platform.adminToken(), ...admin });
  const { token } = await stranger.users.logIn({ email: admin.email, password: admin.password });
  const client = new BatonClient({ url: platform.url, token });
  const data = join(folder.path, 'numbers.txt');
  writeFileSync(data, '1 2 3\n'.repeat(100));
  await client.groups.create('vision');
  await client.secrets.set('KEY', 'a value');
  await client.datasets.create({ name: 'numbers', description: 'numbers', tags: ['small'] });
  const { uploadId } = await client.upload(data);
  await client.datasets.addVersion('numbers', { uploads: [uploadId] });
  const line =
    'echo "step=1 loss=0.5"; wc -l < "$BATON_DATASET_DIR/numbers/numbers.txt" | tee "$BATON_OUTPUT_DIR/lines.txt"';
  const submit = (name, command, more = {}) =>
    client.jobs.submit({ name, command: ['/bin/sh', '-c', command], ...more });
  const { id: done } = await submit('done', line, { datasets: [{ dataset: 'numbers' }] });
  await until(client, done, 'succeeded');
  const { id: failed } = await submit('failed', 'exit 3');
  await until(client, failed, 'failed');
  const { id: running } = await submit('running', '[ "$BATON_ATTEMPT" != 1 ] || sleep 3600');
  await until(client, running, 'running');
  await submit('queued', 'echo "in the end"', { datasets: [{ dataset: 'numbers' }] });
  await submit('held', 'true', { hold: true });
  await platform.killAll();
} finally {
  await platform.destroy();
}
// Sockets and pids of the machine that it was made on mean nothing elsewhere.
rmSync(join(home, 'run'), { recursive: true });
rmSync(join(home, 'cache'), { recursive: true, force: true });
rmSync(join(home, 'logs'), { recursive: true });
execFileSync('tar', ['--sparse', '--owner=0', '--group=0', '-czf', resolve(target), '-C', home, '.']);
await folder.cleanup();
