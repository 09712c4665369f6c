// Waits for an attempt's end by whatever tells first: the file system, the child's exit if it is ours, or a look every second.
import type { ChildProcess } from 'node:child_process';
import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

const POLL_MS = 1_000;

export class EndWatch {
  readonly #watcher: FSWatcher | null;
  readonly #timer: NodeJS.Timeout;
  #look: () => void = () => undefined;

  /** `file`: what is written at the end. Its folder must be there, the file need not. */
  constructor(file: string, child: ChildProcess | undefined) {
    const look = () => this.#look();
    this.#watcher = watchFile(file, look);
    this.#timer = setInterval(look, POLL_MS);
    child?.once('exit', look);
  }

  /** Resolves with the first answer that is not null. */
  until<T>(look: () => T | null): Promise<T> {
    return new Promise((resolve) => {
      this.#look = () => {
        const found = look();
        if (found !== null) resolve(found);
      };
      this.#look();
    });
  }

  close(): void {
    this.#look = () => undefined;
    this.#watcher?.close();
    clearInterval(this.#timer);
  }
}

/** Watches are a bounded resource of the system: without one, the poll remains. */
function watchFile(file: string, onChange: () => void): FSWatcher | null {
  const own = basename(file);
  try {
    // What else changes there does so in the idle gap, as the file that says what was granted.
    const onEvent = (_type: string, name: string | null) => (name === null || name === own ? onChange() : undefined);
    return watch(dirname(file), onEvent).on('error', () => undefined);
  } catch {
    return null;
  }
}
