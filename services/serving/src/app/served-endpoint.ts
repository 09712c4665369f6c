// One endpoint as this process serves it: brought, step by step, to what the log says it should be.
import { hasCode, PlatformError } from '@baton/errors';
import { type EndpointDetails, isSameTarget, type Target } from '../domain/endpoint.ts';
import type { ServedModel } from './served-model.ts';

export interface ServedEndpointContext {
  /** Loads aside and warms. */
  readonly load: (target: Target) => Promise<ServedModel>;
  /** Drains it beside everything else, and frees it. */
  readonly retire: (model: ServedModel) => Promise<void>;
  readonly report: (error: unknown, where: string) => void;
  readonly wait: (ms: number) => Promise<void>;
  readonly now: () => number;
}

/** Removed endpoints, and those that a person unloaded, want no model. */
type Wish =
  | { readonly kind: 'serve'; readonly generation: number }
  | { readonly kind: 'unloaded' }
  | { readonly kind: 'removed' };

const CRASH_WINDOW_MS = 60_000;
const LONGEST_PAUSE_MS = 30_000;
const RETRY_MS = 500;

export class ServedEndpoint {
  readonly id: string;
  details: EndpointDetails;
  /** The model that answers now; also while a newer one loads. */
  model: ServedModel | null = null;
  fault: string | null = null;
  readonly #context: ServedEndpointContext;
  #wish: Wish = { kind: 'serve', generation: 1 };
  #loadedGeneration = 0;
  #settling: Promise<void> | null = null;
  #crashTimes: number[] = [];

  constructor(id: string, details: EndpointDetails, context: ServedEndpointContext) {
    this.id = id;
    this.details = details;
    this.#context = context;
  }

  get state(): 'loading' | 'ready' | 'failed' {
    if (this.#settling === null && this.fault !== null) return 'failed';
    return this.model ? 'ready' : 'loading';
  }

  /** The log says so; resolves when it is done or has failed. */
  change(details: EndpointDetails): Promise<void> {
    const isOther = !isSameTarget(details.target, this.details.target);
    this.details = details;
    if (isOther) this.#wishToServe();
    return this.settle();
  }

  /** Loads again aside, and swaps. */
  reload(): Promise<void> {
    this.#wishToServe();
    return this.settle();
  }

  unload(): Promise<void> {
    this.#wish = { kind: 'unloaded' };
    return this.settle();
  }

  remove(): Promise<void> {
    this.#wish = { kind: 'removed' };
    return this.settle();
  }

  /** One at a time: a change that comes meanwhile is seen when the step under way ends. */
  settle(): Promise<void> {
    this.#settling ??= this.#step().finally(() => (this.#settling = null));
    return this.#settling;
  }

  #wishToServe(): void {
    const last = this.#wish.kind === 'serve' ? this.#wish.generation : this.#loadedGeneration;
    this.#wish = { kind: 'serve', generation: last + 1 };
  }

  async #step(): Promise<void> {
    while (!this.#isSettled()) {
      const wish = this.#wish;
      if (wish.kind === 'serve') await this.#replace(wish.generation);
      else await this.#withdraw(wish.kind);
    }
  }

  #isSettled(): boolean {
    if (this.#wish.kind === 'serve') return this.#loadedGeneration === this.#wish.generation;
    return this.model === null;
  }

  async #replace(generation: number): Promise<void> {
    const { target } = this.details;
    try {
      const fresh = await this.#context.load(target);
      const old = this.model;
      this.model = fresh;
      this.fault = null;
      void fresh.crashed.then((error) => this.#recover(fresh, error));
      // The swap is done: draining the old one holds nobody up.
      if (old) void this.#context.retire(old);
    } catch (error) {
      this.#context.report(error, `endpoint ${this.id}`);
      // The other side may not be running yet: that is no fault of the model.
      if (isPassing(error)) return this.#context.wait(RETRY_MS);
      const message =
        error instanceof PlatformError
          ? error.message
          : 'The model could not be loaded; the log of the platform has more.';
      this.fault = this.model ? `${message} Version ${this.model.version} still answers.` : message;
    }
    this.#loadedGeneration = generation;
  }

  async #withdraw(kind: 'unloaded' | 'removed'): Promise<void> {
    const old = this.model;
    this.model = null;
    this.fault = kind === 'unloaded' ? 'It was unloaded; load it again to use it.' : 'It was deleted.';
    if (old) await this.#context.retire(old);
  }

  async #recover(model: ServedModel, error: Error): Promise<void> {
    if (this.model !== model) return;
    this.#context.report(error, `endpoint ${this.id}`);
    this.model = null;
    this.fault = 'The model stopped while it worked; it is being loaded again.';
    await this.#context.wait(this.#pauseMs());
    if (this.model === null && this.#wish.kind === 'serve') await this.reload();
  }

  /** None after the first crash; growing while they repeat. */
  #pauseMs(): number {
    const now = this.#context.now();
    this.#crashTimes = [...this.#crashTimes.filter((at) => now - at < CRASH_WINDOW_MS), now];
    const repeats = this.#crashTimes.length - 1;
    return repeats === 0 ? 0 : Math.min(LONGEST_PAUSE_MS, 500 * 2 ** repeats);
  }
}

function isPassing(error: unknown): boolean {
  return hasCode(error, 'unavailable') || hasCode(error, 'outcome_unknown');
}
