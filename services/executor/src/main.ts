// The agent's process: stops without its jobs on SIGINT, SIGTERM or when the parent goes; with them on SIGUSR2.
import { type Agent, startAgent } from './executor.module.ts';
import { parseConfig } from './config.ts';

const CLOSE_WITHIN_MS = 5_000;

function fail(error: unknown): never {
  const known = error instanceof Error && error.name === 'PlatformError';
  process.stderr.write(`${known || !(error instanceof Error) ? String(error) : (error.stack ?? error.message)}\n`);
  process.exit(1);
}

/** From the first moment: a signal that comes while the agent starts is obeyed when it has started. */
function obeySignals(starting: Promise<Agent>): void {
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), CLOSE_WITHIN_MS).unref();
    void starting.then((agent) => agent.close()).then(() => process.exit(0), fail);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  if (process.env['BATON_PARENT'] === 'stdin') process.stdin.on('end', stop).on('error', stop).resume();
  // Each job has its grace period, and the agent waits for the end of all.
  process.once('SIGUSR2', () => {
    stopping = true;
    void starting.then((agent) => agent.closeWithJobs()).then(() => process.exit(0), fail);
  });
}

function start(): Promise<Agent> {
  try {
    return startAgent(parseConfig(process.env), fail);
  } catch (error) {
    return fail(error);
  }
}

const starting = start();
obeySignals(starting);
starting.catch(fail);
