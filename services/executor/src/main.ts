// The agent's process: stops without its jobs on SIGINT, SIGTERM or when the parent goes; with them on SIGUSR2.
import { type Agent, startAgent } from './executor.module.ts';
import { joinPlatform } from './adapters/node/join.ts';
import { readJoinedNode } from './adapters/node/credential-files.ts';
import { type AgentConfig, type Environment, parseConfig } from './config.ts';

const CLOSE_WITHIN_MS = 5_000;

function fail(error: unknown): never {
  process.stderr.write(`${wordsOf(error)}\n`);
  process.exit(1);
}

/** For people where they can mend it, else for programmers. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ((error as NodeJS.ErrnoException).code === 'EROFS')
    return `The agent can not write to ${agentFolder()}: its disk is read-only.`;
  return error.name === 'PlatformError' ? String(error) : (error.stack ?? error.message);
}

function agentFolder(): string {
  return process.env['BATON_AGENT_FOLDER'] || '.baton-agent';
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

/** `join URL`, with the token in BATON_JOIN or after the URL: at the first time it joins, at every other it goes on. */
async function configure([command, url, token]: readonly string[]): Promise<AgentConfig> {
  const folder = agentFolder();
  const environment: Environment = { ...process.env, BATON_AGENT_FOLDER: folder };
  // Jobs and tools are not to see it.
  delete process.env['BATON_JOIN'];
  if (command === 'join') {
    const joined = await joinPlatform({ folder, url: url ?? '', token: token ?? environment['BATON_JOIN'] });
    process.stdout.write(
      `This server is node ${joined.nodeId} of ${joined.apiUrl}. Its credentials are in ${folder}.\n`,
    );
    return parseConfig(environment, joined);
  }
  return parseConfig(environment, environment['BATON_NODE_ID'] ? null : readJoinedNode(folder));
}

async function start(): Promise<Agent> {
  try {
    return await startAgent(await configure(process.argv.slice(2)), fail);
  } catch (error) {
    return fail(error);
  }
}

const starting = start();
obeySignals(starting);
starting.catch(fail);
