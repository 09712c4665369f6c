// One runtime out of two: what names an image runs in a container, everything else as a process.
import type { DesiredAttempt, Rendezvous } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { Grant, Launch, PrepareOptions, Runtime } from '../app/ports.ts';
import type { AttemptKey, ProcessIdentity } from '../domain/journal.ts';
import type { ProcessEnd } from '../domain/outcome.ts';

export interface RuntimesParts {
  readonly process: Runtime;
  /** Called once, when the first container is needed: a node that runs none does not load what they take. Null: it has no docker. */
  readonly openContainers: (() => Promise<Runtime>) | null;
  /** By the journal: also of attempts that an agent before this one began. */
  readonly isContained: (key: AttemptKey) => boolean;
}

export class Runtimes implements Runtime {
  readonly #parts: RuntimesParts;
  #opening: Promise<Runtime> | null = null;
  #containers: Runtime | null = null;

  private constructor(parts: RuntimesParts) {
    this.#parts = parts;
  }

  /** `known`: the attempts of the journal. */
  static async open(parts: RuntimesParts, known: readonly AttemptKey[]): Promise<Runtimes> {
    const runtimes = new Runtimes(parts);
    if (parts.openContainers !== null && known.some(parts.isContained)) await runtimes.#open();
    return runtimes;
  }

  get bootId(): string {
    return this.#parts.process.bootId;
  }

  async prepare(spec: DesiredAttempt, options: PrepareOptions): Promise<void> {
    if (spec.environment.image !== undefined) await this.#open();
    return this.#of(spec).prepare(spec, options);
  }

  async #open(): Promise<void> {
    const { openContainers } = this.#parts;
    if (openContainers === null)
      throw new PlatformError('unavailable', 'This node runs no containers: BATON_DOCKER is off.');
    this.#opening ??= openContainers();
    try {
      this.#containers = await this.#opening;
    } catch (error) {
      this.#opening = null;
      throw error;
    }
  }

  #of(key: AttemptKey): Runtime {
    return this.#parts.isContained(key) ? (this.#containers ?? this.#parts.process) : this.#parts.process;
  }

  arm(launch: Launch): Promise<ProcessIdentity> {
    return this.#of(launch.key).arm(launch);
  }

  go(key: AttemptKey, devices: readonly string[], rendezvous?: Rendezvous | null): void {
    this.#of(key).go(key, devices, rendezvous);
  }

  granted(key: AttemptKey): Grant | null {
    return this.#of(key).granted(key);
  }

  takenAt(key: AttemptKey): number | null {
    return this.#of(key).takenAt(key);
  }

  isAlive(identity: ProcessIdentity): boolean {
    return this.#parts.process.isAlive(identity);
  }

  discard(key: AttemptKey, identity: ProcessIdentity | null): Promise<void> {
    return this.#of(key).discard(key, identity);
  }

  stamped(identity: ProcessIdentity): ProcessIdentity {
    return this.#parts.process.stamped(identity);
  }

  ageMs(identity: ProcessIdentity): number {
    return this.#parts.process.ageMs(identity);
  }

  ended(key: AttemptKey, identity: ProcessIdentity): Promise<ProcessEnd> {
    return this.#of(key).ended(key, identity);
  }

  signal(key: AttemptKey, identity: ProcessIdentity, signal: 'SIGTERM' | 'SIGKILL'): void {
    this.#of(key).signal(key, identity, signal);
  }

  forget(key: AttemptKey): void {
    this.#of(key).forget(key);
  }
}
