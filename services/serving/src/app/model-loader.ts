// Loads the models of targets, a few at a time, and keeps those that were loaded before the log names them.
import type { PinnedModel, ModelCatalogue, ModelRuntime } from './ports.ts';
import type { BatcherLimits } from './batcher.ts';
import { ServedModel, type ServingClock } from './served-model.ts';
import type { Target } from '../domain/endpoint.ts';

export interface ModelLoaderOptions {
  readonly catalogue: ModelCatalogue;
  readonly runtime: ModelRuntime;
  readonly limits: BatcherLimits;
  readonly clock: ServingClock;
  /** Loading takes a core and, for a while, twice the memory. */
  readonly parallelLoads: number;
}

export class ModelLoader {
  readonly #options: ModelLoaderOptions;
  readonly #prepared: ServedModel[] = [];
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(options: ModelLoaderOptions) {
    this.#options = options;
  }

  /** A model for the target: one that was prepared, or a new one. */
  async load(target: Target): Promise<ServedModel> {
    const index = this.#prepared.findIndex((model) => keyOf(model.target) === keyOf(target));
    const [prepared] = index < 0 ? [] : this.#prepared.splice(index, 1);
    return prepared ?? this.#open(target);
  }

  /** Loads it before anything is recorded: `bad_model` if it can't be. The next `load` of the target takes it. */
  async prepare(target: Target): Promise<ServedModel> {
    const model = await this.#open(target);
    this.#prepared.push(model);
    return model;
  }

  /** Frees a prepared model that nobody took. */
  async discard(model: ServedModel): Promise<void> {
    const index = this.#prepared.indexOf(model);
    if (index < 0) return;
    this.#prepared.splice(index, 1);
    await model.retire();
  }

  async #open(target: Target): Promise<ServedModel> {
    await this.#enter();
    try {
      const { catalogue, runtime, limits, clock } = this.#options;
      const manifest = await catalogue.manifest(target);
      return new ServedModel(target, await runtime.load(manifest), { limits, clock });
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#running < this.#options.parallelLoads) this.#running++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** The place is handed on, so that nobody can slip in between. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#running--;
  }
}

export function targetOf(model: PinnedModel): Target {
  const { modelId, modelName, version, digest } = model;
  return { modelId, modelName, version, digest };
}

function keyOf({ modelId, version, digest }: Target): string {
  return `${modelId} ${version} ${digest}`;
}
