// The command line of `npm run chaos`.
import { parseArgs } from 'node:util';
import { PlatformError } from '@baton/errors';

export interface ChaosOptions {
  readonly kills: number;
  readonly seed: number;
  /** Between two faults, on average. */
  readonly gapMs: number;
  /** Where history, witness and state stay when it is over; null: a temporary folder, removed if nothing was violated. */
  readonly folder: string | null;
  /** The power of the servers is cut, too. */
  readonly powerCuts: boolean;
}

export const USAGE = `npm run chaos -- --kills N --seed S [--minutes M] [--folder FOLDER] [--power-cuts]

  --kills       how many processes are killed with -9
  --seed        which faults, in which order, after which pauses
  --minutes     over how long the kills are spread; without it there is a fault about every two seconds
  --folder      where the platform's state, the client history and the jobs' witness are kept; must not exist yet
  --power-cuts  the power of the servers is cut as well, and what no fsync has covered is lost: as root, with /dev/fuse and Go`;

const USUAL_GAP_MS = 1_800;

export function readOptions(args: readonly string[]): ChaosOptions {
  const { values } = parsed(args);
  const kills = whole('kills', values.kills, 1);
  const minutes = values.minutes === undefined ? null : whole('minutes', values.minutes, 1);
  return {
    kills,
    seed: whole('seed', values.seed, 0),
    gapMs: minutes === null ? USUAL_GAP_MS : (minutes * 60_000) / kills,
    folder: values.folder ?? null,
    powerCuts: values['power-cuts'] ?? false,
  };
}

function parsed(args: readonly string[]) {
  const option = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: { kills: option, seed: option, minutes: option, folder: option, 'power-cuts': { type: 'boolean' } },
    });
  } catch (error) {
    throw new PlatformError('invalid_input', `${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  }
}

function whole(name: string, text: string | undefined, least: number): number {
  const value = Number(text ?? Number.NaN);
  if (Number.isInteger(value) && value >= least) return value;
  throw new PlatformError('invalid_input', `--${name} must be a whole number from ${least} on.\n\n${USAGE}`);
}
