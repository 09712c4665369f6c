// The policy in force, as the log has it; also what another scheduler has written.
import type { Policy, PolicyEvent } from '@baton/contracts';
import type { RecordedCommit } from '@baton/event-store';
import type { PolicyCommand } from '../domain/policy.commands.ts';
import { evolvePolicy, initialPolicy, type PolicyState } from '../domain/policy.ts';
import type { Caller } from './ports.ts';

/** On whose behalf. */
export interface PolicyRequest {
  readonly caller: Caller;
  readonly subject: string;
  readonly body: unknown;
}

export interface PolicyExecution {
  readonly revision: number;
  readonly state: PolicyState;
  readonly events: readonly PolicyEvent[];
}

export interface PolicyPorts {
  readonly execute: (command: PolicyCommand, request: PolicyRequest) => Promise<PolicyExecution>;
  /** All versions, oldest first, as the log has them now, or had them then. */
  readonly history: (at: string | undefined) => Promise<RecordedCommit[]>;
  /** Another policy is in force. */
  readonly changed: () => void;
}

export interface PolicyInForce {
  readonly policy: Policy;
  /** 0: the default, which nobody has changed. */
  readonly version: number;
}

export class Policies {
  readonly #ports: PolicyPorts;
  #current: PolicyInForce = { policy: initialPolicy.policy, version: 0 };

  constructor(ports: PolicyPorts) {
    this.#ports = ports;
  }

  current(): PolicyInForce {
    return this.#current;
  }

  follow(commit: RecordedCommit): void {
    const events = commit.events as PolicyEvent[];
    this.#set(commit.revision, events.reduce(evolvePolicy, { policy: this.#current.policy }));
  }

  async change(command: PolicyCommand, request: PolicyRequest): Promise<PolicyExecution> {
    const executed = await this.#ports.execute(command, request);
    this.#set(executed.revision, executed.state);
    return executed;
  }

  history(at?: string): Promise<RecordedCommit[]> {
    return this.#ports.history(at);
  }

  /** A command that was carried out before answers with what was then: that is not gone back to. */
  #set(version: number, { policy }: PolicyState): void {
    if (version <= this.#current.version) return;
    this.#current = { policy, version };
    this.#ports.changed();
  }
}
