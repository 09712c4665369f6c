// A small scheduler for tests: answers sync, facts and secrets over a real NATS server, and remembers what it was told.
import { agentRpc, type DesiredAttempt, type Fact, type NodeDescription, subjects } from '@baton/contracts';
import type { Bus } from '@baton/messaging';
import { eventually } from './eventually.ts';

type Ended = Extract<Fact, { type: 'ended' }>;

export class FakeScheduler {
  installationId = 'installation-a';
  revision = 1;
  desired: DesiredAttempt[] = [];
  facts: Fact[] = [];
  reported: readonly { jobId: string; attempt: number; phase: string }[] = [];
  /** As the agent described it last. */
  node: NodeDescription | null = null;
  syncs = 0;
  /** Null: it may not promise any. */
  leaseMs: number | null = null;
  secretValues: Record<string, string> = {};
  /** False: facts are heard and not acknowledged. */
  acknowledges = true;
  /** When each fact was heard. */
  readonly heardAt = new Map<number, number>();
  readonly #bus: Bus;
  readonly #nodeId: string;

  constructor(bus: Bus, nodeId: string) {
    this.#bus = bus;
    this.#nodeId = nodeId;
    bus.handle(agentRpc.sync, async ({ body }) => {
      this.syncs += 1;
      this.reported = body.attempts;
      this.node = body.node;
      return this.leaseMs === null ? this.set : { ...this.set, leaseMs: this.leaseMs };
    });
    bus.handle(agentRpc.facts, async ({ body }) => this.#hear(body.facts));
    bus.handle(agentRpc.secrets, async () => ({ values: this.secretValues, token: 'job-token-0123456789' }));
  }

  get set() {
    return { installationId: this.installationId, revision: this.revision, attempts: this.desired };
  }

  /** Replaces the desired set and pushes it. */
  want(...attempts: DesiredAttempt[]): void {
    this.desired = attempts;
    this.revision += 1;
    this.push(this.set);
  }

  push(set: unknown): void {
    this.#bus.publish(subjects.desired(this.#nodeId), set);
  }

  of(spec: DesiredAttempt): Fact[] {
    return this.facts.filter((fact) => fact.jobId === spec.jobId && fact.attempt === spec.attempt);
  }

  async started(spec: DesiredAttempt): Promise<void> {
    await eventually(() => this.of(spec).some((fact) => fact.type === 'started'), 'the attempt started');
  }

  async ended(spec: DesiredAttempt): Promise<Ended['result']> {
    const find = () => this.of(spec).find((fact) => fact.type === 'ended');
    await eventually(() => find() !== undefined, 'the attempt ended');
    return (find() as Ended).result;
  }

  #hear(facts: readonly Fact[]): Promise<{ acknowledged: number }> {
    if (!this.acknowledges) return Promise.resolve({ acknowledged: 0 });
    for (const fact of facts) {
      if (this.heardAt.has(fact.seq)) continue;
      this.heardAt.set(fact.seq, Date.now());
      this.facts.push(fact);
    }
    return Promise.resolve({ acknowledged: facts.at(-1)?.seq ?? 0 });
  }
}
