// The command line of `npm run simulate`.
import { parseArgs } from 'node:util';
import { parseDurationMs } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { type Limits, USUAL_LIMITS } from './limits.ts';
import { POLICIES } from './policies.ts';
import { FORMAT_NAMES, type FormatName } from './trace/formats.ts';

export interface SimulateOptions {
  readonly trace: string;
  readonly format: FormatName;
  readonly nodes: number;
  readonly gpusPerNode: number;
  /** So many jobs that ask for parts may share one GPU. */
  readonly jobsPerDevice: number;
  /** A name or a file. */
  readonly policy: string;
  readonly seed: number;
  /** Null: as the policy's name says, or as the trace says, or the usual factor. */
  readonly limits: Limits | null;
  readonly restartCostMs: number;
  readonly json: boolean;
}

export const USAGE = `npm run simulate -- --trace FILE --format ${FORMAT_NAMES.join('|')} --nodes N --gpus-per-node G --policy NAME|FILE
    [--seed S] [--limits exact|none|FACTOR] [--restart-cost 30s] [--jobs-per-device 1] [--json]

  --policy        ${Object.keys(POLICIES).join(', ')}, or a file
  --limits        what the policy sees of run times: themselves, nothing, or the run time times a factor between 1 and FACTOR that
                  --seed decides. Without it: as the policy's name says; else the trace's own limits; else ${USUAL_LIMITS.kind === 'factor' ? USUAL_LIMITS.most : ''}
  --restart-cost  what each start after a preemption adds to a job's run time; 30s
  --jobs-per-device  so many jobs that ask for a part of a GPU, such as 0.5, may share one; 1: none`;

export function readOptions(args: readonly string[]): SimulateOptions {
  const { values } = parsed(args);
  return {
    trace: required('trace', values.trace),
    format: format(required('format', values.format)),
    nodes: whole('nodes', required('nodes', values.nodes), 1),
    gpusPerNode: whole('gpus-per-node', required('gpus-per-node', values['gpus-per-node']), 1),
    jobsPerDevice: whole('jobs-per-device', values['jobs-per-device'] ?? '1', 1),
    policy: required('policy', values.policy),
    seed: whole('seed', values.seed ?? '1', 0),
    limits: values.limits === undefined ? null : limits(values.limits),
    restartCostMs: duration('restart-cost', values['restart-cost'] ?? '30s'),
    json: values.json ?? false,
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        trace: { type: 'string' },
        format: { type: 'string' },
        nodes: { type: 'string' },
        'gpus-per-node': { type: 'string' },
        'jobs-per-device': { type: 'string' },
        policy: { type: 'string' },
        seed: { type: 'string' },
        limits: { type: 'string' },
        'restart-cost': { type: 'string' },
        json: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
}

function usage(text: string): PlatformError {
  return new PlatformError('invalid_input', `${text}\n\n${USAGE}`);
}

function required(name: string, value: string | undefined): string {
  if (value === undefined || value === '') throw usage(`--${name} is missing.`);
  return value;
}

function format(value: string): FormatName {
  const found = FORMAT_NAMES.find((name) => name === value);
  if (!found) throw usage(`--format is ${value}, which is none of ${FORMAT_NAMES.join(', ')}.`);
  return found;
}

const MOST = 1_000_000;

function whole(name: string, value: string, least: number): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < least || number > MOST)
    throw usage(`--${name} is ${value}, not a whole number from ${least} to ${MOST}.`);
  return number;
}

function limits(value: string): Limits {
  if (value === 'exact' || value === 'none') return { kind: value };
  const most = Number(value);
  if (!/^\d+(\.\d+)?$/.test(value) || most < 1)
    throw usage(`--limits is ${value}: exact, none, or a factor of at least 1.`);
  return { kind: 'factor', most };
}

function duration(name: string, value: string): number {
  const ms = parseDurationMs(value);
  if (ms === null) throw usage(`--${name} is ${value}, which is no duration such as 30s or 2m.`);
  return ms;
}
