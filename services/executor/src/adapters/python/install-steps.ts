// The commands that build an environment, and what their words mean.
import { PlatformError } from '@baton/errors';
import { dirname, join } from 'node:path';
import type { Recipe } from './recipe.ts';

export interface InstallPlan {
  readonly recipe: Recipe;
  /** The recipe's files as they lie in the code. */
  readonly inputs: string;
  readonly venv: string;
  readonly python: string;
  /** null: the interpreter's own venv and pip. */
  readonly uv: string | null;
}

const PIP = [
  '-m',
  'pip',
  'install',
  '--no-input',
  '--disable-pip-version-check',
  '--no-color',
  '--progress-bar',
  'off',
];
const DEPENDENCIES =
  'import sys, tomllib; print("\\n".join(tomllib.load(open(sys.argv[1], "rb")).get("project", {}).get("dependencies", [])), ' +
  'file=open(sys.argv[2], "w"))';

export function stepsOf({ recipe, inputs, venv, python, uv }: InstallPlan): string[][] {
  const named = join(inputs, recipe.path);
  const made = join(inputs, '.baton-requirements.txt');
  const interpreter = join(venv, 'bin', 'python');
  if (uv === null) {
    const isProject = recipe.kind !== 'requirements';
    return [
      [python, '-m', 'venv', venv],
      ...(isProject ? [[python, '-c', DEPENDENCIES, named, made]] : []),
      [interpreter, ...PIP, '-r', isProject ? made : named],
    ];
  }
  const quietly = ['--no-progress', '--color', 'never'];
  const project = ['--project', dirname(named), '--python', python];
  const isLocked = recipe.kind === 'locked';
  return [
    [uv, 'venv', '-q', '--python', python, venv],
    ...(isLocked ? [[uv, 'export', '-q', '--frozen', '--no-dev', '--no-emit-project', ...project, '-o', made]] : []),
    [uv, 'pip', 'install', ...quietly, '--python', interpreter, '-r', isLocked ? made : named],
  ];
}

/** For people, from a line of uv or pip; null if it says nothing of interest. */
export function progressOf(line: string): string | null {
  const resolved = /^Resolved (\d+) packages?/.exec(line);
  if (resolved) return installing(Number(resolved[1]));
  const collected = /^Installing collected packages: (.+)/.exec(line);
  if (collected) return installing((collected[1] ?? '').split(',').length);
  const collecting = /^Collecting ([A-Za-z0-9._-]+)/.exec(line);
  return collecting ? `environment: fetching ${collecting[1]}` : null;
}

function installing(count: number): string {
  return `environment: installing ${count} package${count === 1 ? '' : 's'}`;
}

const FULL = /No space left on device|os error 28\b|Disk quota exceeded/;
const NETWORK =
  /NewConnectionError|ConnectTimeoutError|ReadTimeoutError|name resolution|dns error|tcp connect error|Connection refused|Connection reset|connection closed|operation timed out|HTTP status server error/i;
const FIRST_FAULT = /^\s*(?:ERROR|error|×)/m;
const LAST_WORDS_CHARS = 2_000;

/** A resolver that says no is the job's own fault; a network or a disk that fails is not. */
export function buildFailure(output: string): PlatformError {
  const from = Math.max(0, output.search(FIRST_FAULT));
  const words = output.slice(from).trim().slice(-LAST_WORDS_CHARS);
  if (FULL.test(output))
    return new PlatformError('storage_full', 'The disk of the node is full: the Python environment did not fit.', {
      detail: words,
    });
  if (NETWORK.test(output)) return new PlatformError('unavailable', `The package index could not be reached: ${words}`);
  return new PlatformError('invalid_input', `The Python environment could not be built: ${words}`);
}
