// Work-conserving batching: a free model takes all that is queued; while it works the queue grows. No timer.
import { PlatformError } from '@baton/errors';
import { type InferenceRequest, type Signature, sizeBytes, sliceData, type Tensor } from './tensor.ts';

/** What came of some consecutive requests that ran together: all their rows in each output, or one error for all. */
export type RunGroup = { readonly requests: number } & (
  | { readonly kind: 'done'; readonly outputs: readonly Tensor[] }
  | { readonly kind: 'failed'; readonly error: Error }
);

/** Runs requests whose inputs differ in the first dimension only. The groups cover them in order. */
export type RunBatch = (requests: readonly InferenceRequest[]) => Promise<readonly RunGroup[]>;

export interface BatcherLimits {
  readonly queuedRequests: number;
  readonly queuedBytes: number;
  readonly batchRows: number;
}

export interface BatchReport {
  readonly requests: number;
  readonly rows: number;
  readonly failed: number;
  readonly queueMs: number;
  readonly runMs: number;
}

export interface BatcherOptions {
  readonly signature: Pick<Signature, 'batches'>;
  readonly limits: BatcherLimits;
  readonly run: RunBatch;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  readonly onBatch?: (report: BatchReport) => void;
}

interface Waiting {
  readonly request: InferenceRequest;
  readonly rows: number;
  readonly bytes: number;
  /** Equal for requests that may run together; null runs alone. */
  readonly key: string | null;
  readonly since: number;
  readonly resolve: (outputs: readonly Tensor[]) => void;
  readonly reject: (error: Error) => void;
}

export class Batcher {
  readonly #options: BatcherOptions;
  #queue: Waiting[] = [];
  #queuedBytes = 0;
  #isBusy = false;
  #closed: Error | null = null;
  #idle: (() => void)[] = [];

  constructor(options: BatcherOptions) {
    this.#options = options;
  }

  get queuedRequests(): number {
    return this.#queue.length;
  }

  /** The request's own output rows. `unavailable` if the queue is full or the model is being withdrawn. */
  submit(request: InferenceRequest): Promise<readonly Tensor[]> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(this.#closed);
      const bytes = request.inputs.reduce((total, input) => total + sizeBytes(input.data), 0);
      const { queuedRequests, queuedBytes } = this.#options.limits;
      if (this.#queue.length >= queuedRequests || (this.#queue.length > 0 && this.#queuedBytes + bytes > queuedBytes)) {
        return reject(
          new PlatformError('unavailable', 'The endpoint has more requests than it can hold. Try again in a moment.', {
            retryAfterMs: 1_000,
          }),
        );
      }
      const { rows, key } = this.#shapeOf(request);
      this.#queue.push({ request, rows, bytes, key, since: this.#options.now(), resolve, reject });
      this.#queuedBytes += bytes;
      if (!this.#isBusy) void this.#work();
    });
  }

  /** Resolves when nothing is queued or running. */
  drain(): Promise<void> {
    if (!this.#isBusy && this.#queue.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Refuses what is queued and all that follows. */
  close(error: Error): void {
    this.#closed = error;
    for (const waiting of this.#queue.splice(0)) waiting.reject(error);
    this.#queuedBytes = 0;
  }

  #shapeOf(request: InferenceRequest): { rows: number; key: string | null } {
    const rows = request.inputs[0]?.shape[0] ?? 1;
    if (!this.#options.signature.batches || request.inputs.some((input) => input.shape[0] !== rows))
      return { rows, key: null };
    let key = '';
    for (const { shape } of request.inputs) {
      for (let axis = 1; axis < shape.length; axis++) key += `${shape[axis]},`;
      key += ';';
    }
    return { rows, key };
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    while (this.#queue.length > 0) await this.#runOne(this.#take());
    this.#isBusy = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** The oldest request and all that may run beside it. */
  #take(): Waiting[] {
    const taken: Waiting[] = [];
    const left: Waiting[] = [];
    const key = this.#queue[0]?.key ?? null;
    let rows = 0;
    for (const waiting of this.#queue) {
      const fits =
        taken.length === 0 ||
        (key !== null && waiting.key === key && rows + waiting.rows <= this.#options.limits.batchRows);
      (fits ? taken : left).push(waiting);
      if (!fits) continue;
      rows += waiting.rows;
      this.#queuedBytes -= waiting.bytes;
    }
    this.#queue = left;
    return taken;
  }

  async #runOne(batch: readonly Waiting[]): Promise<void> {
    const started = this.#options.now();
    let failed = 0;
    try {
      failed = settle(batch, await this.#options.run(batch.map((waiting) => waiting.request)));
    } catch (error) {
      failed = batch.length;
      for (const waiting of batch) waiting.reject(error instanceof Error ? error : new Error(String(error)));
    }
    this.#options.onBatch?.({
      requests: batch.length,
      rows: batch.reduce((total, waiting) => total + waiting.rows, 0),
      failed,
      queueMs: batch.reduce((total, waiting) => total + started - waiting.since, 0),
      runMs: this.#options.now() - started,
    });
  }
}

/** Hands each request its rows; gives how many failed. */
function settle(batch: readonly Waiting[], groups: readonly RunGroup[]): number {
  let next = 0;
  let failed = 0;
  for (const group of groups) {
    const members = batch.slice(next, next + group.requests);
    next += group.requests;
    if (group.kind === 'failed') {
      failed += members.length;
      for (const member of members) member.reject(group.error);
    } else if (members.length === 1) members[0]?.resolve(group.outputs);
    else shareRows(members, group.outputs);
  }
  return failed;
}

function shareRows(members: readonly Waiting[], outputs: readonly Tensor[]): void {
  let row = 0;
  for (const member of members) {
    const first = row;
    row += member.rows;
    member.resolve(outputs.map((output) => rowsOf(output, first, member.rows)));
  }
}

function rowsOf(output: Tensor, first: number, count: number): Tensor {
  const perRow = output.data.length / (output.shape[0] ?? 1);
  return {
    datatype: output.datatype,
    shape: [count, ...output.shape.slice(1)],
    data: sliceData(output.data, first * perRow, (first + count) * perRow),
  };
}
