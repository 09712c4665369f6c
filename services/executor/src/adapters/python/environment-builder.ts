// Python for a job: an interpreter put first on its PATH, or an environment built from a requirements file and kept by its content.
import type { DesiredAttempt } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { isSafePath } from '../../domain/safe-path.ts';
import { findOnPath } from '../process/find-command.ts';
import { runTool } from './run-tool.ts';

export interface FoundEnvironment {
  readonly pathFirst: readonly string[];
  readonly virtualEnvironment: string | null;
}
const NONE: FoundEnvironment = { pathFirst: [], virtualEnvironment: null };
const LAST_WORDS_CHARS = 2_000;

export interface EnvironmentBuilderOptions {
  /** Built environments stand here, each under the hash of what it was built from. */
  readonly folder: string;
  /** Interpreter for jobs that name none. */
  readonly python: string | null;
  readonly path: string;
}

export class EnvironmentBuilder {
  readonly #options: EnvironmentBuilderOptions;
  readonly #building = new Map<string, Promise<void>>();

  constructor(options: EnvironmentBuilderOptions) {
    this.#options = options;
  }

  /** `invalid_input` if the interpreter is not there, or the requirements can't be met. */
  async find(
    wanted: DesiredAttempt['environment'],
    codeFolder: string,
    signal: AbortSignal,
  ): Promise<FoundEnvironment> {
    const python = await this.#interpreter(wanted.python);
    if (wanted.requirements === undefined) return python === null ? NONE : atInterpreter(python);
    const requirements = await readRequirements(codeFolder, wanted.requirements);
    return this.#environment(python ?? (await this.#systemPython()), requirements, signal);
  }

  async #interpreter(wanted: string | undefined): Promise<string | null> {
    if (wanted === undefined) return this.#options.python;
    const found = isAbsolute(wanted)
      ? await existing(wanted)
      : await findOnPath(`python${wanted.replace(/^python/, '')}`, this.#options.path);
    if (found === null) throw new PlatformError('invalid_input', `Python "${wanted}" is not on this node.`);
    return found;
  }

  async #systemPython(): Promise<string> {
    const found = await findOnPath('python3', this.#options.path);
    if (found === null)
      throw new PlatformError('invalid_input', 'This node has no python3 to build an environment with.');
    return found;
  }

  async #environment(python: string, requirements: Buffer, signal: AbortSignal): Promise<FoundEnvironment> {
    const hash = createHash('sha256').update(`${python}\0`).update(requirements).digest('hex').slice(0, 32);
    const folder = join(this.#options.folder, hash);
    if ((await existing(join(folder, 'ready'))) === null) {
      // Ten jobs that ask for the same one wait for the one build.
      const building =
        this.#building.get(hash) ??
        this.#build(python, folder, requirements).finally(() => this.#building.delete(hash));
      this.#building.set(hash, building);
      await building;
      signal.throwIfAborted();
    }
    return { pathFirst: [join(folder, 'venv', 'bin')], virtualEnvironment: join(folder, 'venv') };
  }

  async #build(python: string, folder: string, requirements: Buffer): Promise<void> {
    const venv = join(folder, 'venv');
    const file = join(folder, 'requirements.txt');
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await writeFile(file, requirements);
    const uv = await findOnPath('uv', this.#options.path);
    const interpreter = join(venv, 'bin', 'python');
    const steps =
      uv === null
        ? [
            [python, '-m', 'venv', venv],
            [interpreter, '-m', 'pip', 'install', '--no-input', '--disable-pip-version-check', '-q', '-r', file],
          ]
        : [
            [uv, 'venv', '-q', '--python', python, venv],
            [uv, 'pip', 'install', '-q', '--python', interpreter, '-r', file],
          ];
    for (const step of steps) await this.#step(step);
    // Last, and by renaming: a build that was cut off is never taken for a whole one.
    await writeFile(join(folder, 'ready.new'), '');
    await rename(join(folder, 'ready.new'), join(folder, 'ready'));
  }

  async #step(command: readonly string[]): Promise<void> {
    const { code, output } = await runTool(command, this.#options.path);
    if (code === 0) return;
    const words = output.trim().slice(-LAST_WORDS_CHARS);
    throw new PlatformError('invalid_input', `The Python environment could not be built: ${words}`);
  }
}

/** An interpreter of a virtual environment brings that environment with it. */
async function atInterpreter(python: string): Promise<FoundEnvironment> {
  const bin = dirname(python);
  const isVirtual = (await existing(join(bin, '..', 'pyvenv.cfg'))) !== null;
  return { pathFirst: [bin], virtualEnvironment: isVirtual ? dirname(bin) : null };
}

async function readRequirements(codeFolder: string, path: string): Promise<Buffer> {
  const missing = new PlatformError('invalid_input', `The requirements file "${path}" is not in the code.`);
  if (!isSafePath(path)) throw missing;
  return readFile(join(codeFolder, path)).catch(() => {
    throw missing;
  });
}

async function existing(path: string): Promise<string | null> {
  return stat(path).then(
    () => path,
    () => null,
  );
}
