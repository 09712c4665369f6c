// The staging thread: low processor and I/O priority for itself alone, one operation after the other.
import { execFileSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { SharedPace } from './pace.ts';
import { perform, type StageOperation, type Step, systemCode, WrongContent } from './stage-operations.ts';
import { StageState } from './stage-state.ts';

export interface StageWorkerData {
  readonly pace: SharedArrayBuffer;
  /** Path of `ionice`, where there is one. */
  readonly ionice: string | null;
}
export interface StageRequest {
  readonly operation: StageOperation;
  /** A `StageState`'s memory. */
  readonly state: SharedArrayBuffer;
}
/** `about`: the digest of wrong content, or the path that an error of the system names. */
export type StageAnswer =
  | { readonly ok: true; readonly takenBytes: number }
  | { readonly ok: false; readonly code: string; readonly message: string; readonly about: string | null };

const { pace: memory, ionice } = workerData as StageWorkerData;
const pace = new SharedPace(memory);
lowerPriority();
parentPort?.on('message', (request: StageRequest) => parentPort?.postMessage(answer(request)));

/** On Linux both belong to the thread, not to the process. */
function lowerPriority(): void {
  try {
    setPriority(0, constants.priority.PRIORITY_LOW);
    const thread = readlinkSync('/proc/thread-self').split('/').at(-1);
    if (ionice !== null && thread !== undefined)
      execFileSync(ionice, ['-c', '3', '-p', thread], { stdio: 'ignore', timeout: 2_000 });
  } catch {
    // Staging then runs at the agent's own priority; its rate is bounded all the same.
  }
}

function answer({ operation, state }: StageRequest): StageAnswer {
  try {
    return { ok: true, takenBytes: perform(operation, stepOf(new StageState(state))) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, code: systemCode(error), message, about: aboutOf(error) };
  }
}

function aboutOf(error: unknown): string | null {
  if (error instanceof WrongContent) return error.digest;
  return (error as NodeJS.ErrnoException).path ?? null;
}

function stepOf(state: StageState): Step {
  return (bytes) => {
    const waitMs = pace.reserve(bytes);
    if (waitMs > 0) state.wait(waitMs);
    if (state.stopped) throw Object.assign(new Error('stopped'), { code: 'ABORT_ERR' });
    state.count(bytes);
  };
}
