// A model in a worker thread, as the serving process sees it.
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { PlatformError } from '@baton/errors';
import type { RunGroup } from '../../app/batcher.ts';
import type { LoadedModel } from '../../app/ports.ts';
import type { InferenceRequest, Signature } from '../../app/tensor.ts';
import { pack } from './batch.ts';
import type { FromWorker, RunOutcome, ToWorker, WorkerSettings } from './protocol.ts';

// Compiled code lies in .js; under a test runner this module and the worker are still .ts.
const WORKER = new URL(import.meta.url.endsWith('.ts') ? './model-worker.ts' : './model-worker.js', import.meta.url);

interface Pending {
  readonly resolve: (groups: readonly RunGroup[]) => void;
  readonly reject: (error: Error) => void;
}

/** Never terminates the thread: that aborts the whole process if a run is under way. */
export class WorkerModel implements LoadedModel {
  readonly signature: Signature;
  readonly crashed: Promise<Error>;
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #isFinishing = false;
  #dead: Error | null = null;

  private constructor(worker: Worker, signature: Signature, death: Promise<Error>) {
    this.#worker = worker;
    this.signature = signature;
    this.#ended = death.then(() => {});
    let crash: (error: Error) => void = () => {};
    this.crashed = new Promise((resolve) => (crash = resolve));
    void death.then((error) => {
      this.#dead = error;
      for (const pending of this.#pending.values()) pending.reject(error);
      this.#pending.clear();
      if (!this.#isFinishing) crash(error);
    });
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'ran') this.#settle(message.id, message.outcomes);
    });
  }

  /** Resolves when the model is loaded and warm; `bad_model` if it can't be. */
  static async start(settings: WorkerSettings): Promise<WorkerModel> {
    const worker = new Worker(WORKER, { workerData: settings, name: 'model' });
    const death = deathOf(worker);
    const first = await Promise.race([
      new Promise<FromWorker>((resolve) => void worker.once('message', resolve)),
      death.then((error): FromWorker => ({ kind: 'load-failed', message: error.message })),
    ]);
    if (first.kind === 'loaded') return new WorkerModel(worker, first.signature, death);
    const text = first.kind === 'load-failed' ? first.message : 'the worker spoke out of turn';
    // Where the file lies is nobody's business.
    const message = text.replaceAll(settings.path, 'the file').replaceAll(dirname(settings.path), '.');
    throw new PlatformError('bad_model', `The weights can not be loaded: ${message}`);
  }

  readonly run = (requests: readonly InferenceRequest[]): Promise<readonly RunGroup[]> => {
    if (this.#dead) return Promise.reject(this.#dead);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      const { batch, transfer } = pack(requests);
      this.#tell({ kind: 'run', id, batch }, transfer);
    });
  };

  async finish(): Promise<void> {
    if (!this.#isFinishing && !this.#dead) {
      this.#isFinishing = true;
      this.#tell({ kind: 'finish' }, []);
    }
    await this.#ended;
  }

  #tell(message: ToWorker, transfer: ArrayBuffer[]): void {
    this.#worker.postMessage(message, transfer);
  }

  #settle(id: number, outcomes: readonly RunOutcome[]): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.resolve(outcomes.map(groupOf));
  }
}

function groupOf(outcome: RunOutcome): RunGroup {
  if ('outputs' in outcome) return { kind: 'done', requests: outcome.requests, outputs: outcome.outputs };
  const error = new PlatformError('invalid_input', `The model refused the input: ${outcome.fault}`);
  return { kind: 'failed', requests: outcome.requests, error };
}

function deathOf(worker: Worker): Promise<Error> {
  return new Promise((resolve) => {
    worker.once('error', (cause) =>
      resolve(
        new PlatformError('internal', 'The model stopped while it worked. Try again.', {
          cause,
          detail: String(cause),
        }),
      ),
    );
    worker.once('exit', (code) =>
      resolve(
        new PlatformError('internal', 'The model stopped while it worked. Try again.', { detail: `exit code ${code}` }),
      ),
    );
  });
}
