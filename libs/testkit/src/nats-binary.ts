// Where the nats-server binary is: configured, downloaded into the repository, on PATH, or built by Go.
import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { toolsNamed } from './tools.ts';

const HOW_TO_GET_ONE =
  'No nats-server binary was found. Set BATON_NATS_SERVER to one (2.14.5 or newer), run `npm start` once, which fetches it into ' +
  '.tools, or run `go install github.com/nats-io/nats-server/v2@v2.14.9`.';

/** The path of a nats-server that knows `sync_interval: always` (2.10 or newer). Throws with what to do when there is none. */
export function natsServerBinary(): string {
  const configured = process.env['BATON_NATS_SERVER'];
  if (configured !== undefined && configured !== '') {
    if (isExecutable(configured)) return configured;
    throw new Error(`BATON_NATS_SERVER names ${configured}, which can not be executed.`);
  }
  const found = candidates().find((path) => isExecutable(path) && isNewEnough(path));
  if (found === undefined) throw new Error(HOW_TO_GET_ONE);
  return found;
}

function candidates(): string[] {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'nats-server'));
  return [...toolsNamed('nats-server-', 'bin'), ...onPath, join(homedir(), 'go', 'bin', 'nats-server')];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isNewEnough(path: string): boolean {
  const version = /v(\d+)\.(\d+)\./.exec(execFileSync(path, ['--version'], { encoding: 'utf8' }));
  return version !== null && (Number(version[1]) > 2 || Number(version[2]) >= 10);
}
