// `npm start`: locks the state folder, runs nats-server, control, serving and agent, restarts what dies, stops in order.
import { PlatformError } from '@baton/errors/platform-error';
import { adminToken, dropReadModels, openHome, openToJobs } from './home.ts';
import { lockFolder } from './lock.ts';
import { type EmbeddedPlatform, startEmbedded } from './platform.ts';
import { endLeftovers } from './process-file.ts';

/** How long a stopped platform waits for a second Ctrl-C while jobs run on. */
const SECOND_CHANCE_MS = 5_000;

async function main(): Promise<void> {
  const home = openHome(process.env['BATON_HOME'] ?? '.baton');
  lockFolder(home.run);
  if (process.env['BATON_JOB_USER']) openToJobs(home);
  const left = await endLeftovers(home.run);
  if (left.length > 0) say(`Ended what an earlier run had left behind: ${left.join(', ')}.`);
  if (process.argv.includes('--rebuild')) {
    dropReadModels(home);
    say('The read models are made anew from the log.');
  }
  const platform = await startEmbedded(home, process.env, say);
  handleSignals(platform);
  await platform.ready();
  say(
    `Baton is ready.\n  REST, docs   ${platform.gatewayUrl}   (${platform.gatewayUrl}/docs)\n  inference    ${platform.servingUrl}\n  state        ${home.root}`,
  );
  const token = adminToken(home);
  if (token !== null) {
    say(
      `  Nobody has signed up yet. The first to use this one-time token becomes the admin:\n    ${token}\n    npx baton login --url ${platform.gatewayUrl} --sign-up ${token}`,
    );
  }
}

function handleSignals(platform: EmbeddedPlatform): void {
  let count = 0;
  const onSignal = (): void => {
    count += 1;
    if (count === 1) void stop(platform, () => count > 1);
    else platform.stopJobs();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('SIGHUP', onSignal);
}

async function stop(platform: EmbeddedPlatform, jobsToo: () => boolean): Promise<void> {
  say('Stopping the platform ...');
  await platform.stopServices();
  const running = platform.runningJobs();
  if (running > 0 && !jobsToo()) {
    say(
      `${running} running ${running === 1 ? 'job goes' : 'jobs go'} on and will be found at the next start. Press Ctrl-C again to stop ${running === 1 ? 'it' : 'them'} too.`,
    );
    await platform.secondChance(SECOND_CHANCE_MS);
  }
  await platform.stopRest(jobsToo());
  say('Stopped.');
  process.exit(0);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

// A closed terminal or pipe is no reason to leave the parts half stopped.
for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);

main().catch((error: unknown) => {
  const text =
    error instanceof PlatformError
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error);
  process.stderr.write(`${text}\n`);
  process.exit(1);
});
