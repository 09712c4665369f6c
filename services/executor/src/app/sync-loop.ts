// The heartbeat: says every few seconds what this node is and has, and takes the desired set that answers it.
import type { NodeDescription } from '@baton/contracts';
import type { Refusal } from '../domain/reconcile.ts';
import { refusing } from '../domain/refusal-words.ts';
import type { Executor } from './executor.ts';
import { Nudge } from './nudge.ts';
import type { NodeLease, NodeProbe, Reporter, SchedulerLink } from './ports.ts';

const FIRST_RETRY_MS = 100;
/** One may be an answer that a later order has overtaken. */
const REFUSALS_TO_TELL = 2;

export interface SyncParts {
  readonly link: SchedulerLink;
  readonly probe: NodeProbe;
  readonly executor: Executor;
  readonly lease: NodeLease;
  readonly reporter: Reporter;
  readonly everyMs: number;
  /** Between looks at the node's devices: asking the driver takes time. */
  readonly describeMs: number;
}

export class SyncLoop {
  readonly #parts: SyncParts;
  readonly #nudge = new Nudge();
  #stopped = false;
  #described: NodeDescription | null = null;
  #describing: Promise<NodeDescription> | null = null;
  #describeAt = 0;
  #failures = 0;
  #refusal: Refusal | null = null;
  /** In a row. */
  #refusals = 0;

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
      await this.#nudge.wait(this.#pauseMs());
    }
  }

  /** At a start of everything the scheduler is there a moment later: not a whole beat later. */
  #pauseMs(): number {
    const { everyMs } = this.#parts;
    return this.#failures === 0 ? everyMs : Math.min(everyMs, FIRST_RETRY_MS * 2 ** (this.#failures - 1));
  }

  async #once(): Promise<void> {
    const { link, executor, reporter, lease } = this.#parts;
    try {
      const node = await this.#node();
      const told = this.#refusals >= REFUSALS_TO_TELL && this.#refusal ? refusing(node, this.#refusal) : node;
      const askedAt = lease.monotonic();
      this.#refusal = executor.accept(await link.sync(told, executor.attempts), askedAt);
      this.#refusals = this.#refusal === null ? 0 : this.#refusals + 1;
      if (this.#failures > 0) reporter.info({}, 'the scheduler answers again');
      this.#failures = 0;
    } catch (error) {
      if (this.#failures === 0)
        reporter.warn({ error: String(error) }, 'the scheduler does not answer; running jobs go on');
      this.#failures += 1;
    }
  }

  /** The last description; the first one is waited for, the next are made meanwhile. */
  #node(): NodeDescription | Promise<NodeDescription> {
    const isDue = this.#parts.lease.monotonic() >= this.#describeAt;
    const describing = isDue ? this.describe() : this.#describing;
    return this.#described ?? describing ?? this.describe();
  }

  /** Looks at the node anew at once; the scheduler is told when it has changed. */
  describe(): Promise<NodeDescription> {
    this.#describing ??= this.#describe().finally(() => (this.#describing = null));
    // Who asks for it may not wait for it.
    this.#describing.catch(() => {});
    return this.#describing;
  }

  async #describe(): Promise<NodeDescription> {
    const { probe, executor, lease } = this.#parts;
    const before = this.#described;
    this.#described = await probe.describe();
    executor.sawDevices(this.#described.devices);
    this.#describeAt = lease.monotonic() + this.#parts.describeMs;
    if (before !== null && JSON.stringify(before) !== JSON.stringify(this.#described)) this.#nudge.wake();
    return this.#described;
  }
}
