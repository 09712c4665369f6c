// Waits for a store that can't be reached: what a job has left behind is worth more than a quick end, and so is a start.
import { hasCode } from '@baton/errors';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 3_000;

export interface Waiting {
  /** Nobody wants it any more. */
  readonly signal: AbortSignal;
  /** Before each pause. */
  readonly onWait: (error: unknown) => void;
}

/** Repeats `work` for as long as it rejects with `unavailable`; any other failure is passed on, and so is the last one when `signal` says stop. */
export async function untilReached<T>(work: () => Promise<T>, { signal, onWait }: Waiting): Promise<T> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * pauseMs)) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || !hasCode(error, 'unavailable')) throw error;
      onWait(error);
      await pause(pauseMs, signal);
      if (signal.aborted) throw error;
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}
