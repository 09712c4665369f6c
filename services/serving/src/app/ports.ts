// What the use cases need from outside: models and their files, and something that runs them.
import type { Manifest, Principal } from '@baton/contracts';
import type { Target } from '../domain/endpoint.ts';
import type { RunBatch } from './batcher.ts';
import type { Signature } from './tensor.ts';

export interface PinnedModel {
  readonly modelId: string;
  readonly modelName: string;
  readonly version: number;
  readonly kind: 'code' | 'weights' | 'both';
  readonly digest: string;
}

/** The model service, asked on the caller's behalf: what they may not read is `not_found`. */
export interface ModelCatalogue {
  resolve(principal: Principal, ref: string, version: number | 'latest'): Promise<PinnedModel>;
  /** The version's files, by the digest that the log names. Nobody is asked again whether the endpoint's owner may read it. */
  manifest(target: Target): Promise<Manifest>;
}

/** A model in memory, on a thread of its own. */
export interface LoadedModel {
  readonly signature: Signature;
  readonly run: RunBatch;
  /** Lets the run under way end, then frees the memory. */
  finish(): Promise<void>;
  /** Resolves with the reason when the thread dies by itself. */
  readonly crashed: Promise<Error>;
}

export interface ModelRuntime {
  /** Loads and warms. `bad_model` with the runtime's words if the weights do not parse or can't be served. */
  load(manifest: Manifest): Promise<LoadedModel>;
}
