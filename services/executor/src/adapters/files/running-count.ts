// A file that says how many attempts are not over: the launcher reads it when it stops the platform.
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import type { JournalState } from '../../domain/journal.ts';

/** In place, always as long: a file that is emptied first is brought to the disk by some file systems when it is closed. */
const DIGITS = 10;

export class RunningCount {
  readonly #path: string;
  #written = -1;

  constructor(path: string) {
    this.#path = path;
  }

  /** Only a hint for people: not fsynced, and a disk that is full is no reason to stop. */
  update(state: JournalState): void {
    const running = Object.values(state.attempts).filter(({ phase }) => phase !== 'ended').length;
    if (running === this.#written) return;
    this.#written = running;
    try {
      const file = openSync(this.#path, constants.O_WRONLY | constants.O_CREAT, 0o644);
      try {
        writeSync(file, `${String(running).padStart(DIGITS)}\n`, 0);
      } finally {
        closeSync(file);
      }
    } catch {
      this.#written = -1;
    }
  }
}
