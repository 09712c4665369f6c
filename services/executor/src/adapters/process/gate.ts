// The gate that a ready command waits at: a FIFO from which it reads one line, and the file that says whether it was let through.
import type { Rendezvous } from '@baton/contracts';
import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';

export interface GatePaths {
  readonly go: string;
  readonly granted: string;
}

/** What can be done before is done before: what is left stands in the idle gap. */
export class Gate {
  /** Null if no process has it open for reading, or if it was never made: the end is on its way. */
  readonly #fifo: number | null;
  readonly #granted: number;

  constructor({ go, granted }: GatePaths) {
    this.#fifo = openFifo(go);
    this.#granted = openSync(granted, 'a', 0o600);
  }

  /** Writes down the devices, and then says the word: the GPUs, and where ranks meet; repeating it is harmless. */
  open(devices: readonly string[], rendezvous: Rendezvous | null): void {
    // Empty where an agent was killed before it could write: then the word was not given either.
    if (fstatSync(this.#granted).size === 0) writeSync(this.#granted, JSON.stringify(devices));
    const gpus = devices.filter((id) => !id.startsWith('cpu-')).join(',');
    const meet = rendezvous === null ? '' : ` ${rendezvous.host} ${rendezvous.port}`;
    if (this.#fifo !== null) writeSync(this.#fifo, `${gpus || '-'}${meet}\n`);
    this.close();
  }

  close(): void {
    if (this.#fifo !== null) closeSync(this.#fifo);
    closeSync(this.#granted);
  }
}

function openFifo(path: string): number | null {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return null;
  }
}
