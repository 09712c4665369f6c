// The node's line: all attempts that are not over, in order; starts the next one in the very turn in which a device comes free.
import { type DesiredAttempt, twentiethsOf } from '@baton/contracts';
import { attemptName, type AttemptKey } from '../domain/journal.ts';
import { grants, type LineEntry } from '../domain/line.ts';

interface Standing extends LineEntry {
  /** Synchronous up to the word that lets the process run: it stands in the idle gap. */
  readonly start: (devices: readonly string[]) => void;
}

const NOT_READY = (): void => undefined;

/** A rank waits for the others. */
function isHeld({ gang }: DesiredAttempt): boolean {
  return gang !== undefined && gang.rendezvous === null;
}

export class DeviceLine {
  readonly #entries = new Map<string, Standing>();
  #faulty: ReadonlySet<string> = new Set();
  #onLeave: (() => void)[] = [];

  /** It is to be started here, and is being prepared. */
  join(spec: DesiredAttempt): void {
    const name = attemptName(spec);
    const devices = spec.devices.map((device) => device.id);
    const behind = spec.behind && { count: spec.behind.count, pool: spec.behind.pool.map((device) => device.id) };
    const twentieths = spec.devicePart === undefined ? null : twentiethsOf(spec.devicePart);
    const known = { name, devices, twentieths, behind };
    this.#entries.set(name, { ...known, phase: 'preparing', isHeld: isHeld(spec), start: NOT_READY });
  }

  /** Its peers are ready: it may start as any other. */
  permit(key: AttemptKey): void {
    this.#change(key, { isHeld: false });
    this.advance();
  }

  /** A process waits; `start` is called once, now or later, with all its devices. */
  ready(key: AttemptKey, start: (devices: readonly string[]) => void): void {
    this.#change(key, { phase: 'ready', start });
    this.advance();
  }

  running(key: AttemptKey, devices: readonly string[]): void {
    this.#change(key, { phase: 'running', devices, behind: null, isHeld: false, start: NOT_READY });
  }

  /** It was let go, and its devices have not come back. */
  isRunning(key: AttemptKey): boolean {
    return this.#entries.get(attemptName(key))?.phase === 'running';
  }

  /** No process of it is left, or it never came to one. */
  leave(key: AttemptKey): void {
    if (this.#entries.delete(attemptName(key))) this.advance();
    for (const told of this.#onLeave.splice(0)) told();
  }

  /** Resolves when no other attempt that was let run stands in the line with one of its devices that it does not share. */
  async untilAlone(key: AttemptKey): Promise<void> {
    while (this.#sharesDevices(attemptName(key))) await new Promise<void>((resolve) => this.#onLeave.push(resolve));
  }

  #sharesDevices(name: string): boolean {
    const own = this.#entries.get(name);
    if (!own) return false;
    const others = [...this.#entries.values()].filter((entry) => entry.name !== name && entry.phase === 'running');
    const isBeside = (other: LineEntry) => own.twentieths !== null && other.twentieths !== null;
    return others.some((other) => !isBeside(other) && other.devices.some((device) => own.devices.includes(device)));
  }

  /** Devices that are out of service are given to nobody. */
  setFaulty(devices: ReadonlySet<string>): void {
    this.#faulty = devices;
    this.advance();
  }

  advance(): void {
    for (const { name, devices } of grants([...this.#entries.values()], this.#faulty)) {
      const entry = this.#entries.get(name);
      if (!entry) continue;
      this.#entries.set(name, { ...entry, phase: 'running', devices, behind: null });
      entry.start(devices);
    }
  }

  #change(key: AttemptKey, change: Partial<Standing>): void {
    const entry = this.#entries.get(attemptName(key));
    if (entry) this.#entries.set(entry.name, { ...entry, ...change });
  }
}
