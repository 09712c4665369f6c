// A file that says how many attempts are not over: the launcher reads it when it stops the platform.
import { writeFileSync } from 'node:fs';
import type { JournalState } from '../../domain/journal.ts';

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
      writeFileSync(this.#path, `${running}\n`);
    } catch {
      this.#written = -1;
    }
  }
}
