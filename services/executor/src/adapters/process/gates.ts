// The gates that ready commands wait at: a FIFO that each reads one line from, and the file that says whether it was let through.
import type { Rendezvous } from '@baton/contracts';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs';
import type { Grant } from '../../app/ports.ts';
import { type AttemptKey, attemptName } from '../../domain/journal.ts';
import { afterwards } from './afterwards.ts';

export interface GatePaths {
  readonly go: string;
  readonly granted: string;
  readonly taken: string;
}

interface Gate {
  /** Null if nobody reads: the end is on its way. */
  readonly fifo: number | null;
  readonly granted: number;
  /** An agent before this one wrote the devices down. Empty where it was killed before it could: then the word was not given either. */
  readonly isGranted: boolean;
}

export class Gates {
  readonly #pathsOf: (key: AttemptKey) => GatePaths;
  /** Of those that wait. */
  readonly #gates = new Map<string, Gate>();

  constructor(pathsOf: (key: AttemptKey) => GatePaths) {
    this.#pathsOf = pathsOf;
  }

  /** Somebody waits at it now: what is open need not be opened in the idle gap. */
  prepare(key: AttemptKey): void {
    this.#gates.set(attemptName(key), gateAt(this.#pathsOf(key)));
  }

  /** Writes down the devices, and then says the word: the GPUs, and where ranks meet; repeating it is harmless. */
  go(key: AttemptKey, devices: readonly string[], rendezvous: Rendezvous | null = null): void {
    const gate = this.#gates.get(attemptName(key)) ?? gateAt(this.#pathsOf(key));
    this.#gates.set(attemptName(key), gate);
    if (!gate.isGranted) writeSync(gate.granted, JSON.stringify(devices));
    const gpus = devices.filter((id) => !id.startsWith('cpu-')).join(',');
    const meet = rendezvous === null ? '' : ` ${rendezvous.host} ${rendezvous.port}`;
    if (gate.fifo !== null) writeSync(gate.fifo, `${gpus || '-'}${meet}\n`);
    this.close(key);
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
    const gate = this.#gates.get(attemptName(key));
    if (gate === undefined) return;
    this.#gates.delete(attemptName(key));
    afterwards(() => {
      if (gate.fifo !== null) closeSync(gate.fifo);
      closeSync(gate.granted);
    });
  }
}

function gateAt({ go, granted }: GatePaths): Gate {
  const fd = openSync(granted, 'a', 0o600);
  return { fifo: openFifo(go), granted: fd, isGranted: fstatSync(fd).size > 0 };
}

/** Null if no process has it open for reading, or if it is no FIFO (any more): a job may put what it likes in its place. */
function openFifo(path: string): number | null {
  try {
    const fifo = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    if (fstatSync(fifo).isFIFO()) return fifo;
    closeSync(fifo);
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
