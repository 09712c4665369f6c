// The agent's connection: never gives up, and is not needed for running jobs to go on.
import {
  agentRpc,
  type DesiredSet,
  type Fact,
  type NodeDescription,
  subjects,
  systemPrincipal,
} from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { Bus, type BusOptions, connectBus } from '@baton/messaging';
import { AuthorizationError } from '@nats-io/transport-node';
import { randomUUID } from 'node:crypto';
import type { ReportedAttempt, Reporter, SchedulerLink, SecretValues } from '../../app/ports.ts';
import type { AttemptKey } from '../../domain/journal.ts';

const CALL_TIMEOUT_MS = 5_000;
const CONNECT_ATTEMPT_MS = 2_000;

export interface BusLinkOptions {
  readonly bus: BusOptions;
  readonly nodeId: string;
  readonly reporter: Reporter;
}
export interface BusEvents {
  readonly onDesired: (payload: unknown) => void;
  /** First connection and every one after a break. */
  readonly onConnected: () => void;
}

export class BusLink implements SchedulerLink {
  readonly #options: BusLinkOptions;
  #bus: Bus | null = null;
  #closed = false;

  constructor(options: BusLinkOptions) {
    this.#options = options;
  }

  /** Resolves with the first connection, however long it takes, or when closed. */
  async connect(events: BusEvents): Promise<void> {
    const { nodeId, reporter, bus } = this.#options;
    for (let failures = 0; !this.#closed && this.#bus === null; failures += 1) {
      try {
        this.#bus = await connectBus({ ...bus, connectTimeoutMs: CONNECT_ATTEMPT_MS });
      } catch (error) {
        if (failures === 0) reporter.warn({ error: String(error) }, 'NATS can not be reached; running jobs go on');
      }
    }
    if (this.#bus === null) return;
    if (this.#closed) return this.#bus.close();
    this.#bus.subscribe(subjects.desired(nodeId), events.onDesired);
    void this.#follow(this.#bus, events);
    events.onConnected();
  }

  get bus(): Bus {
    if (this.#bus === null) throw new PlatformError('unavailable', 'The agent is not connected to NATS.');
    return this.#bus;
  }

  async sync(node: NodeDescription, attempts: readonly ReportedAttempt[]): Promise<DesiredSet> {
    const body = { node, attempts: [...attempts] };
    return this.bus.call(agentRpc.sync, this.#context(), body, this.#at('sync'));
  }

  async facts(facts: readonly Fact[]): Promise<number> {
    const { acknowledged } = await this.bus.call(
      agentRpc.facts,
      this.#context(),
      { facts: [...facts] },
      this.#at('facts'),
    );
    return acknowledged;
  }

  async secrets(key: AttemptKey): Promise<SecretValues> {
    return this.bus.call(
      agentRpc.secrets,
      this.#context(),
      { jobId: key.jobId, attempt: key.attempt },
      this.#at('secrets'),
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#bus?.close();
  }

  async #follow(bus: Bus, events: BusEvents): Promise<void> {
    let isRefused = false;
    for await (const status of bus.connection.status()) {
      if (status.type === 'reconnect') {
        isRefused = false;
        events.onConnected();
      }
      if (status.type !== 'error' || !(status.error instanceof AuthorizationError) || isRefused) continue;
      isRefused = true;
      this.#options.reporter.error({}, 'NATS refuses the credentials of this node: was it removed? Running jobs go on');
    }
  }

  #context() {
    return { principal: systemPrincipal(`agent:${this.#options.nodeId}`), meta: { requestId: randomUUID() } };
  }

  #at(operation: 'sync' | 'facts' | 'secrets') {
    return { subject: subjects.agentRpc(this.#options.nodeId, operation), timeoutMs: CALL_TIMEOUT_MS };
  }
}
