// What the serving process and a model's worker thread tell each other.
import type { Signature, Tensor } from '../../app/tensor.ts';

export interface WorkerSettings {
  /** Of the `.onnx` file. */
  readonly path: string;
  readonly intraOpThreads: number;
}

/** One batch: each part holds every input of one request, or of all of them joined. */
export interface Batch {
  /** Of each request, in order. */
  readonly rows: readonly number[];
  readonly parts: readonly (readonly Tensor[])[];
}

export type ToWorker =
  | { readonly kind: 'run'; readonly id: number; readonly batch: Batch }
  | { readonly kind: 'finish' };

/** Outputs, or the runtime's words, of this many consecutive requests. */
export type RunOutcome =
  | { readonly requests: number; readonly outputs: readonly Tensor[] }
  | { readonly requests: number; readonly fault: string };

export type FromWorker =
  | { readonly kind: 'loaded'; readonly signature: Signature }
  | { readonly kind: 'load-failed'; readonly message: string }
  | { readonly kind: 'ran'; readonly id: number; readonly outcomes: readonly RunOutcome[] };
