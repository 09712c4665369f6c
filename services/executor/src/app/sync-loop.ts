// The heartbeat: says every few seconds what this node is and has, and takes the desired set that answers it.
import type { NodeDescription } from '@baton/contracts';
import type { Executor } from './executor.ts';
import { Nudge } from './nudge.ts';
import type { Clock, NodeProbe, Reporter, SchedulerLink } from './ports.ts';

/** Asking the driver takes time: not with every heartbeat. */
const DESCRIBE_EVERY_MS = 60_000;

export interface SyncParts {
  readonly link: SchedulerLink;
  readonly probe: NodeProbe;
  readonly executor: Executor;
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly everyMs: number;
}

export class SyncLoop {
  readonly #parts: SyncParts;
  readonly #nudge = new Nudge();
  #stopped = false;
  #described: { readonly node: NodeDescription; readonly at: number } | null = null;
  #failing = false;

  constructor(parts: SyncParts) {
    this.#parts = parts;
  }

  /** The connection is back: do not wait for the next beat. */
  wake(): void {
    this.#nudge.wake();
  }

  stop(): void {
    this.#stopped = true;
    this.#nudge.wake();
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      await this.#once();
      await this.#nudge.wait(this.#parts.everyMs);
    }
  }

  async #once(): Promise<void> {
    const { link, executor, reporter } = this.#parts;
    try {
      executor.accept(await link.sync(await this.#node(), executor.attempts));
      if (this.#failing) reporter.info({}, 'the scheduler answers again');
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) reporter.warn({ error: String(error) }, 'the scheduler does not answer; running jobs go on');
      this.#failing = true;
    }
  }

  async #node(): Promise<NodeDescription> {
    const { probe, clock } = this.#parts;
    if (this.#described && clock() - this.#described.at < DESCRIBE_EVERY_MS) return this.#described.node;
    this.#described = { node: await probe.describe(), at: clock() };
    return this.#described.node;
  }
}
