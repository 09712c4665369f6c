// `npm run demo`: the main job from end to end on real data: upload, queue, train, weights, endpoint, and a crash of everything.
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PlatformError } from '@baton/errors';
import { embeddedPlatform, type EmbeddedPlatform, freePort } from '@baton/testkit';
import { crash } from './crash.ts';
import { showLedger } from './ledger.ts';
import { registerCode, serveBest, signUp, trainThree, uploadDataset } from './steps.ts';
import { bold, done, heading, line } from './story.ts';
import { whyAtTheTime } from './why.ts';

const keep = process.argv.includes('--keep');
const home = resolve(process.env['BATON_HOME'] ?? '.baton', 'demo');

async function main(): Promise<void> {
  const python = process.env['BATON_PYTHON'];
  if (!python)
    throw new PlatformError(
      'unavailable',
      'The demo trains with Python: start it with `npm run demo`, which installs what it needs.',
    );
  await rm(home, { recursive: true, force: true });
  await mkdir(join(home, 'files'), { recursive: true });
  const platform = embeddedPlatform({
    home,
    port: await freePort(8080),
    servingPort: await freePort(8081),
    env: { BATON_CPU_SLOTS: '1' },
  });
  const startedAt = Date.now();
  process.stdout.write(bold('Baton passes the GPU from one training job to the next without dropping it.\n'));
  try {
    await platform.start();
    line(`the platform runs at ${platform.url}, its state is in ${home} (ready after ${Date.now() - startedAt} ms)`);
    await tell(platform, python);
  } catch (error) {
    await platform.stop();
    throw error;
  }
  if (keep) leaveRunning(platform);
  else {
    await platform.stop();
    await rm(home, { recursive: true, force: true });
    process.stdout.write(
      `\n${bold('That was the main job')}, in ${Math.round((Date.now() - startedAt) / 1_000)} s. \`npm start\` runs the platform; \`npm run demo -- --keep\` leaves this one running.\n`,
    );
  }
}

async function tell(platform: EmbeddedPlatform, python: string): Promise<void> {
  heading('Sign up with the one-time token, and log in');
  const client = await signUp(platform);
  heading('Upload the UCI digits, cut the connection in the middle, resume');
  const csv = join(home, 'files', 'digits.csv');
  await uploadDataset(client, python, csv);
  heading('Register the training code of examples/digits');
  await registerCode(client);
  heading('Queue three jobs for one slot');
  const jobs = await trainThree(client, python);
  heading('Serve the best weights and classify the images that were held out');
  const best = await serveBest(client, platform.servingUrl, jobs, csv);
  heading('Kill every process of the platform while a fourth job runs, and start it again');
  await crash({ client, platform, python, endpoint: best.endpoint, heldOut: best.heldOut });
  done('Nothing was lost.');
  heading('Where every second of the slot went');
  await showLedger(client);
  heading('Why the last of the three jobs had to wait, from the log');
  await whyAtTheTime(client, jobs);
}

function leaveRunning(platform: EmbeddedPlatform): void {
  platform.release();
  const login = `npx baton login --url ${platform.url} --email admin@example.com --password demo-password`;
  process.stdout.write(
    `\n${bold('It goes on running')} at ${platform.url} (process ${platform.pid}). Try:\n  ${login}\n  npx baton job list\n  npx baton model show digits\n  npx baton run examples/digits/code --dataset digits --python ${process.env['BATON_PYTHON']} -- python train.py\nStop it with: kill ${platform.pid}\n`,
  );
}

process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
