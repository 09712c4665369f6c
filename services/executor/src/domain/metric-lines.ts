// Metrics in one line of a job's output: name=value pairs, Keras lines, JSON lines. Never throws; what it can't read it leaves.
import { SYSTEM_METRICS } from '@baton/contracts';

export interface LineMetrics {
  readonly step: number | null;
  readonly values: ReadonlyMap<string, number>;
}

/** A line announces the step of the lines after it: Keras's "Epoch 3/10". */
export interface EpochLine {
  readonly epoch: number;
}

const MAX_NAMES = 100;
/** From the finest to the coarsest. */
const STEP_NAMES = ['step', 'global_step', 'iteration', 'iter', 'epoch'];
const NAME = '[A-Za-z_][\\w./@-]{0,63}';
const NUMBER = '[-+]?(?:\\d{1,40}(?:\\.\\d{0,40})?|\\.\\d{1,40})(?:[eE][-+]?\\d{1,6})?';
const PAIR = new RegExp(`(?<![\\w./@-])(${NAME}) {0,3}= {0,3}(${NUMBER})(?=$|[\\s,;:|)\\]}%/])`, 'g');
const KERAS_PAIR = new RegExp(`(?:^|\\s-\\s{1,3})(${NAME}): {1,3}(${NUMBER})(?=$|\\s)`, 'g');
const KERAS_EPOCH = /^\s{0,8}Epoch (\d{1,15})(?:\/\d{1,15})?\s{0,8}$/;

const HINT = /= {0,3}[-+.\d]|: {1,3}[-+.\d]|"[ \t]{0,8}:[ \t]{0,8}[-\d]|Epoch \d/;
/** Found in every line that holds metrics or announces an epoch: what a line without it is not looked at for. */
export const METRIC_HINT = new RegExp(HINT, 'g');

export function epochLine(line: string): EpochLine | null {
  const match = line.includes('Epoch ') ? KERAS_EPOCH.exec(line) : null;
  return match ? { epoch: Number(match[1]) } : null;
}

/** The metrics of a line; null if it has none. */
export function lineMetrics(line: string): LineMetrics | null {
  if (!HINT.test(line)) return null;
  const trimmed = line.trim();
  const found = trimmed.startsWith('{') ? (jsonNumbers(trimmed) ?? pairs(line, PAIR)) : textNumbers(line);
  const step = takeStep(found);
  return found.size > 0 ? { step, values: found } : null;
}

function textNumbers(line: string): Map<string, number> {
  const equal = line.includes('=') ? pairs(line, PAIR) : new Map<string, number>();
  return equal.size > 0 || !line.includes(': ') ? equal : pairs(line, KERAS_PAIR);
}

function pairs(line: string, pattern: RegExp): Map<string, number> {
  const found = new Map<string, number>();
  for (const [, name, number] of line.matchAll(pattern)) add(found, name ?? '', Number(number));
  return found;
}

function jsonNumbers(line: string): Map<string, number> | null {
  const parsed = parseObject(line);
  if (!parsed) return null;
  const found = new Map<string, number>();
  for (const [name, value] of Object.entries(parsed)) if (typeof value === 'number') add(found, name, value);
  return found;
}

function parseObject(line: string): object | null {
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === 'object' && parsed !== null ? parsed : null;
  } catch {
    return null;
  }
}

/** NaN, infinities and 1e400 are no points of a curve. */
function add(found: Map<string, number>, name: string, value: number): void {
  if (!Number.isFinite(value) || name === '' || name.length > 64 || name === '__proto__') return;
  // What the agent measures is not a job's to tell.
  if (name.startsWith(SYSTEM_METRICS)) return;
  if (found.size < MAX_NAMES || found.has(name)) found.set(name, value);
}

/** The finest step name gives the step; the coarser ones stay as values. */
function takeStep(found: Map<string, number>): number | null {
  const name = STEP_NAMES.find((candidate) => found.has(candidate));
  if (name === undefined) return null;
  const step = found.get(name) ?? null;
  found.delete(name);
  return step;
}
