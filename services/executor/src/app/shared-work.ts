// One piece of work for all who ask for the same at the same time, never two at once; it is stopped when the last of them gives up.

export interface WorkRun {
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
}

interface Underway<T> {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  readonly listeners: Set<(text: string) => void>;
}

export class SharedWork<T> {
  readonly #underway = new Map<string, Underway<T>>();
  /** What was told to stop, and has not yet. */
  readonly #stopping = new Map<string, Promise<unknown>>();

  /** Rejects with the reason of `signal` as soon as that one gives up, also where the work goes on for others. */
  async run(key: string, work: (run: WorkRun) => Promise<T>, { signal, onProgress }: WorkRun): Promise<T> {
    signal.throwIfAborted();
    const found = this.#underway.get(key) ?? this.#start(key, work);
    // One for each who asks, also where two pass the same function.
    const listen = (text: string) => onProgress(text);
    found.listeners.add(listen);
    try {
      return await Promise.race([found.result, aborted(signal)]);
    } finally {
      found.listeners.delete(listen);
      if (found.listeners.size === 0) this.#leave(key, found);
    }
  }

  #start(key: string, work: (run: WorkRun) => Promise<T>): Underway<T> {
    const controller = new AbortController();
    const listeners = new Set<(text: string) => void>();
    const onProgress = (text: string) => {
      for (const tell of listeners) tell(text);
    };
    const begin = () => work({ signal: controller.signal, onProgress });
    const before = this.#stopping.get(key);
    const result = before === undefined ? begin() : before.then(begin);
    const started = { result, controller, listeners };
    this.#underway.set(key, started);
    const forget = () => {
      if (this.#underway.get(key) === started) this.#underway.delete(key);
    };
    result.then(forget, forget);
    return started;
  }

  /** Whoever asks from now on begins anew, after what is being stopped has come to its end. */
  #leave(key: string, left: Underway<T>): void {
    if (this.#underway.get(key) !== left) return;
    this.#underway.delete(key);
    const stopping = left.result.then(nothing, nothing).finally(() => {
      if (this.#stopping.get(key) === stopping) this.#stopping.delete(key);
    });
    this.#stopping.set(key, stopping);
    left.controller.abort();
  }
}

function nothing(): void {}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    // The reason is whatever the one who gave up said.
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
