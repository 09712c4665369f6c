// The word that lets a waiting process run: one line into a FIFO, after it was written down what it is let run on.
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import type { Grant } from '../../app/ports.ts';
import { type AttemptKey, attemptName } from '../../domain/journal.ts';

export interface GatePaths {
  readonly go: string;
  readonly granted: string;
  readonly taken: string;
}

export class Gates {
  readonly #pathsOf: (key: AttemptKey) => GatePaths;
  /** Open FIFOs of those that wait. */
  readonly #open = new Map<string, number>();

  constructor(pathsOf: (key: AttemptKey) => GatePaths) {
    this.#pathsOf = pathsOf;
  }

  /** Somebody waits at it now: what is open need not be opened in the idle gap. */
  open(key: AttemptKey): void {
    const gate = openGate(this.#pathsOf(key).go);
    if (gate !== null) this.#open.set(attemptName(key), gate);
  }

  go(key: AttemptKey, devices: readonly string[]): void {
    const { go, granted } = this.#pathsOf(key);
    // Empty where an agent was killed before it could write: then the word was not given either.
    if (readText(granted) === '') writeFileSync(granted, JSON.stringify(devices));
    const gate = this.#open.get(attemptName(key)) ?? openGate(go);
    this.#open.delete(attemptName(key));
    // Nobody is there to read it: the end is on its way.
    if (gate === null) return;
    const gpus = devices.filter((id) => !id.startsWith('cpu-')).join(',');
    writeSync(gate, `${gpus || '-'}\n`);
    closeSync(gate);
  }

  granted(key: AttemptKey): Grant | null {
    const { granted } = this.#pathsOf(key);
    const text = readText(granted);
    if (text === '') return null;
    return { devices: JSON.parse(text) as string[], at: Math.round(statSync(granted).mtimeMs) };
  }

  takenAt(key: AttemptKey): number | null {
    const { taken } = this.#pathsOf(key);
    return existsSync(taken) ? Math.round(lstatSync(taken).mtimeMs) : null;
  }

  close(key: AttemptKey): void {
    const gate = this.#open.get(attemptName(key));
    if (gate === undefined) return;
    this.#open.delete(attemptName(key));
    closeSync(gate);
  }
}

/** Null if no process has it open for reading, or if it is no FIFO (any more): a job may put what it likes in its place. */
function openGate(path: string): number | null {
  try {
    const gate = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    if (fstatSync(gate).isFIFO()) return gate;
    closeSync(gate);
    return null;
  } catch {
    return null;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
