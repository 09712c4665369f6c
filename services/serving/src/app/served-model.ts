// One loaded model version with its queue and its figures.
import type { Target } from '../domain/endpoint.ts';
import { Batcher, type BatcherLimits, type BatchReport } from './batcher.ts';
import { InferenceFigures } from './figures.ts';
import type { LoadedModel } from './ports.ts';
import type { InferenceRequest, Signature, Tensor } from './tensor.ts';

export interface ServingClock {
  /** Milliseconds that never go back. */
  readonly monotonicMs: () => number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export class ServedModel {
  readonly target: Target;
  readonly figures = new InferenceFigures();
  readonly crashed: Promise<Error>;
  readonly #model: LoadedModel;
  readonly #batcher: Batcher;

  constructor(target: Target, model: LoadedModel, options: { limits: BatcherLimits; clock: ServingClock }) {
    this.target = target;
    this.#model = model;
    const { limits, clock } = options;
    const onBatch = (report: BatchReport): void => this.figures.add(report, clock.now());
    this.#batcher = new Batcher({
      signature: model.signature,
      limits,
      run: model.run,
      now: clock.monotonicMs,
      onBatch,
    });
    this.crashed = model.crashed.then((error) => {
      this.#batcher.close(error);
      return error;
    });
  }

  get signature(): Signature {
    return this.#model.signature;
  }

  /** The version in the protocol's form. */
  get version(): string {
    return String(this.target.version);
  }

  infer(request: InferenceRequest): Promise<readonly Tensor[]> {
    return this.#batcher.submit(request);
  }

  /** Answers what it has taken, then goes. Nobody may hand it more by now. */
  async retire(): Promise<void> {
    await this.#batcher.drain();
    await this.#model.finish();
  }
}
