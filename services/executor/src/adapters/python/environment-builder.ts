// Python for a job: an interpreter put first on its PATH, or an environment built from what the code asks for and kept by its content.
import type { DesiredAttempt } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { randomUUID } from 'node:crypto';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { SharedWork, type WorkRun } from '../../app/shared-work.ts';
import { findOnPath } from '../process/find-command.ts';
import type { JobUser } from '../process/job-user.ts';
import { removeTree } from '../files/remove-tree.ts';
import type { NodeCache } from '../staging/node-cache.ts';
import { buildFailure, progressOf, stepsOf } from './install-steps.ts';
import { hashOf, type Recipe, readRecipe } from './recipe.ts';
import { runTool, type ToolOptions } from './run-tool.ts';

export interface FoundEnvironment {
  readonly pathFirst: readonly string[];
  readonly virtualEnvironment: string | null;
  /** In the node's cache; null if nothing was built. */
  readonly cached: string | null;
}
const NONE: FoundEnvironment = { pathFirst: [], virtualEnvironment: null, cached: null };

export interface EnvironmentBuilderOptions {
  readonly cache: NodeCache;
  /** Interpreter for jobs that name none. */
  readonly python: string | null;
  /** Path of `uv`; null: beside the interpreter or on the PATH, else pip. */
  readonly uv: string | null;
  readonly path: string;
  /** Builds run what the code, its packages and an interpreter that it names bring along; null: as the agent's own user. */
  readonly jobUser: JobUser | null;
}

export class EnvironmentBuilder {
  readonly #options: EnvironmentBuilderOptions;
  readonly #building = new SharedWork<string>();
  readonly #versions = new Map<string, string>();

  constructor(options: EnvironmentBuilderOptions) {
    this.#options = options;
  }

  /**
   * `invalid_input` if the interpreter is not there, or the requirements can't be met; `unavailable` if the package index can't be
   * reached. `hold` is called with the environment's name before it is looked for.
   */
  async find(
    wanted: DesiredAttempt['environment'],
    { codeFolder, hold }: { readonly codeFolder: string; readonly hold: (name: string) => void },
    run: WorkRun,
  ): Promise<FoundEnvironment> {
    // An image brings its own.
    if (wanted.image !== undefined) return NONE;
    const python = await this.#interpreter(wanted.python);
    if (wanted.requirements === undefined) return python === null ? NONE : atInterpreter(python);
    const recipe = await readRecipe(codeFolder, wanted.requirements);
    const builtWith = python ?? (await this.#systemPython());
    const name = hashOf(recipe, `${builtWith}\0${await this.#version(builtWith)}`);
    hold(name);
    const venv = await this.#environment(name, { recipe, python: builtWith }, run);
    return { pathFirst: [join(venv, 'bin')], virtualEnvironment: venv, cached: name };
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

  /** Asked again when the interpreter's file was replaced by another. */
  async #version(python: string): Promise<string> {
    const { mtimeMs, ino } = await stat(python);
    const key = `${python} ${ino} ${mtimeMs}`;
    const known = this.#versions.get(key);
    if (known !== undefined) return known;
    const question = randomUUID();
    const command = this.#asOther(question, [python, '-c', 'import sys; print(sys.version)']);
    const { code, output } = await runTool(command, this.#options.path, { cwd: '/' });
    await this.#options.jobUser?.endAll(question);
    if (code !== 0) throw new PlatformError('invalid_input', `Python "${python}" can't be run: ${output.trim()}`);
    this.#versions.set(key, output.trim());
    return output.trim();
  }

  async #environment(name: string, what: Wanted, run: WorkRun): Promise<string> {
    const { environments } = this.#options.cache.shelves;
    const known = await environments.find(name);
    if (known?.detail !== undefined) {
      await environments.touch(name, Date.now());
      return join(environments.path(name), known.detail, 'venv');
    }
    // Ten jobs that ask for the same one wait for the one build.
    return this.#building.run(name, (shared) => this.#build(name, what, shared), run);
  }

  async #build(name: string, { recipe, python }: Wanted, run: WorkRun): Promise<string> {
    const { cache, jobUser } = this.#options;
    const { environments } = cache.shelves;
    // An environment can't be moved once it is built: it gets its final path now, and a marker when it is whole. What an
    // interrupted build left goes first, and a process of it that lives on finds its folder gone.
    await cache.drop(environments.path(name));
    const build = randomUUID();
    const folder = join(environments.path(name), build);
    const [inputs, venv] = [join(folder, 'inputs'), join(folder, 'venv')];
    try {
      await cache.makeRoom({ what: 'environment', cacheBytes: 0, diskBytes: 0 }, run);
      await writeInputs(inputs, recipe);
      await jobUser?.share(build, folder);
      run.onProgress('environment: resolving packages');
      const uv = await this.#uv(python);
      for (const step of stepsOf({ recipe, inputs, venv, python, uv })) await this.#step(step, folder, run);
      await this.#takeBack(build, folder);
      const bytes = await this.#settle(environments.path(name));
      run.signal.throwIfAborted();
      await environments.mark(environments.path(name), {
        bytes,
        sizeBytes: bytes,
        bootId: cache.bootId,
        detail: build,
      });
    } catch (error) {
      await jobUser?.endAll(build);
      await cache.drop(environments.path(name));
      throw error;
    }
    await cache.trim();
    return venv;
  }

  async #uv(python: string): Promise<string | null> {
    const { uv, path } = this.#options;
    return uv ?? (await existing(join(dirname(python), 'uv'))) ?? findOnPath('uv', path);
  }

  async #step(command: readonly string[], folder: string, { signal, onProgress }: WorkRun): Promise<void> {
    const onLine = (line: string) => {
      const text = progressOf(line);
      if (text !== null) onProgress(text);
    };
    const { code, output } = await this.#runLow(this.#asOther(basename(folder), command), {
      signal,
      onLine,
      ...this.#ownHome(folder),
    });
    signal.throwIfAborted();
    if (code !== 0) throw buildFailure(output);
  }

  /** Onto the disk, so that a power cut leaves no half of it behind a marker that says it is whole; gives what it takes there. */
  async #settle(folder: string): Promise<number> {
    await this.#runLow(['sync', '-f', folder], {});
    const { output } = await this.#runLow(['du', '-s', '-B1', folder], {});
    return Number(/^\d+/.exec(output)?.[0] ?? 0);
  }

  #asOther(build: string, command: readonly string[]): readonly string[] {
    return [...(this.#options.jobUser?.launcher(build) ?? []), ...command];
  }

  /** From then on nobody but root can change what jobs are given to run. */
  async #takeBack(build: string, folder: string): Promise<void> {
    const { jobUser } = this.#options;
    if (jobUser === null) return;
    await jobUser.takeBack(build, folder);
    await removeTree(join(folder, 'cache'));
  }

  /** What another user fetches for one build is not for the next to trust. */
  #ownHome(folder: string): ToolOptions {
    if (this.#options.jobUser === null) return {};
    const cache = join(folder, 'cache');
    return { cwd: folder, env: { HOME: cache, UV_CACHE_DIR: cache, PIP_CACHE_DIR: cache } };
  }

  /** Behind everything else that wants the processor or the disk. */
  async #runLow(command: readonly string[], options: ToolOptions): ReturnType<typeof runTool> {
    const { path } = this.#options;
    const [nice, ionice] = await Promise.all([findOnPath('nice', path), findOnPath('ionice', path)]);
    // As low as it goes, however high the agent itself stands.
    const low = [...(nice === null ? [] : [nice, '-n', '39']), ...(ionice === null ? [] : [ionice, '-c', '3', '-t'])];
    return runTool([...low, ...command], path, options);
  }
}

interface Wanted {
  readonly recipe: Recipe;
  readonly python: string;
}

async function writeInputs(folder: string, { files }: Recipe): Promise<void> {
  for (const [path, content] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}

/** An interpreter of a virtual environment brings that environment with it. */
async function atInterpreter(python: string): Promise<FoundEnvironment> {
  const bin = dirname(python);
  const isVirtual = (await existing(join(bin, '..', 'pyvenv.cfg'))) !== null;
  return { pathFirst: [bin], virtualEnvironment: isVirtual ? dirname(bin) : null, cached: null };
}

async function existing(path: string): Promise<string | null> {
  return stat(path).then(
    () => path,
    () => null,
  );
}
