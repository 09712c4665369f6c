// Output passes through as messages that the NATS client copies once. V8 would let some 80 MB of those copies pile up before it looks.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** A look takes about 2 ms: at 20 MB/s half a percent of a core. */
const EVERY_BYTES = 8 * 1024 * 1024;

type Collect = (options: { readonly type: 'minor' }) => void;

export class PassedMemory {
  #bytes = 0;
  #collect: Collect | null = null;

  /** So many bytes more have passed. */
  passed(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < EVERY_BYTES) return;
    this.#bytes = 0;
    this.#collect ??= exposedCollector();
    this.#collect({ type: 'minor' });
  }
}

/** The engine's own function, which it shows only when asked to. */
function exposedCollector(): Collect {
  setFlagsFromString('--expose-gc');
  const found: unknown = runInNewContext('gc');
  return typeof found === 'function' ? (found as Collect) : () => undefined;
}
