// Why a container could not be started: whether the job is at fault, and in which words.
import { PlatformError } from '@baton/errors';
import type { Launch } from '../../app/ports.ts';
import type { ProcessEnd } from '../../domain/outcome.ts';
import { refusal, wordsOf } from './docker-daemon.ts';

const TOO_LONG = /argument list too long/i;
const NO_SHELL = /\/bin\/sh"?:.*no such file|exec \/bin\/sh/i;
const NO_GPUS = /could not select device driver/i;
/** What it asks for, the daemon would refuse on every node. */
const REFUSED = /minimum memory limit|range of cpus|invalid (network|shm)/i;

/** `invalid_input` where the job's own image, command or wishes are at fault; else the node's trouble. */
export function notStarted({ environment: { image = '' } }: Launch, error: unknown): unknown {
  if (error instanceof PlatformError) return error;
  const words = wordsOf(error);
  if (refusal(error) === null) return error;
  const bad = (message: string) => new PlatformError('invalid_input', message, { cause: error });
  if (TOO_LONG.test(words)) return bad('The command and the environment together are longer than the system allows.');
  if (NO_SHELL.test(words)) return bad(`The image ${image} has no /bin/sh, which a job needs to be started.`);
  if (REFUSED.test(words)) return bad(`Docker refuses the container: ${words}`);
  const hint = NO_GPUS.test(words) ? ' Its docker needs the NVIDIA Container Toolkit.' : '';
  return new PlatformError('unavailable', `The container could not be started on the node: ${words}${hint}`, {
    cause: error,
  });
}

/** It ended before the command could be waited with. `said` is what stands in the container's own log. */
export function silentEnd(end: ProcessEnd | null, said: string): PlatformError {
  if (end?.kind === 'not-run') return new PlatformError('invalid_input', `The command could not be run: ${end.words}`);
  const words = said === '' ? 'it said nothing' : said;
  const message = `The container ended before the job could be started: ${words}. Agent and docker must be on one server, and see the same processes and folders.`;
  return new PlatformError('unavailable', message);
}
