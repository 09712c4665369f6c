// What `npm run simulate:faults` can be told.
import { parseArgs } from 'node:util';
import { PlatformError } from '@baton/errors';
import { type Breakage, BREAKAGES } from './breakage.ts';
import { type Scenario, scenarioOf } from './simulation.ts';
import { readFaults } from './trace.ts';

export interface Options {
  readonly from: number;
  readonly seeds: number;
  readonly json: boolean;
  /** How many at once. */
  readonly workers: number;
  readonly broken: readonly Breakage[];
  /** One scenario, played as it is. */
  readonly replayed: Scenario | null;
}

const USAGE =
  'npm run simulate:faults -- [--seeds N] [--from S] [--workers W] [--json] [--break GUARD[,GUARD]] [--faults LIST] [--requests LIST]';

/** Throws `invalid_input` with what is wrong with them. */
export function readOptions(args: readonly string[], cores: number): Options {
  const values = parsed(args);
  const broken = (values.break ?? '')
    .split(',')
    .filter((name) => name !== '')
    .map(breakageOf);
  const from = wholeNumber('from', values.from ?? '1', 0);
  const isReplay = values.faults !== undefined || values.requests !== undefined;
  return {
    from,
    seeds: isReplay ? 1 : wholeNumber('seeds', values.seeds ?? '1000', 1),
    json: values.json ?? false,
    workers: wholeNumber('workers', values.workers ?? String(cores), 1),
    broken,
    replayed: isReplay ? replayOf(scenarioOf(from, broken), values) : null,
  };
}

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const names = { seeds: text, from: text, workers: text, break: text, faults: text, requests: text };
  try {
    return parseArgs({ args: [...args], options: { ...names, json: { type: 'boolean' } } }).values;
  } catch (error) {
    throw new PlatformError('invalid_input', `${(error as Error).message}\n\n${USAGE}`, { cause: error });
  }
}

function replayOf(
  scenario: Scenario,
  { faults, requests }: { readonly faults?: string | undefined; readonly requests?: string | undefined },
): Scenario {
  const kept = requests === undefined || requests === '-' ? [] : requests.split(',').map(Number);
  return {
    ...scenario,
    faults: faults === undefined ? scenario.faults : readFaults(faults),
    requests: requests === undefined ? scenario.requests : scenario.requests.filter((_, index) => kept.includes(index)),
  };
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new PlatformError('invalid_input', `--${name} is ${text}, not a whole number from ${least} on.\n\n${USAGE}`);
}

function breakageOf(name: string): Breakage {
  if (Object.hasOwn(BREAKAGES, name)) return name as Breakage;
  const known = Object.entries(BREAKAGES).map(([guard, words]) => `  ${guard}: ${words}`);
  throw new PlatformError('invalid_input', `There is no guard ${name} to break:\n${known.join('\n')}`);
}
