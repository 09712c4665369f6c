// Agents whose jobs end as soon as they may start, once told to run any; they stand in line, and report, as real ones do.
import type { AttemptResult, DesiredAttempt, DesiredSet } from '@baton/contracts';
import { type EngineNode, type Leader, SimulatedNodes } from '@baton/deploy/simulation';

export class InstantAgents {
  ended = 0;
  readonly #nodes: SimulatedNodes;
  readonly #attempts = new Map<string, DesiredAttempt>();
  readonly #gone = new Set<string>();
  readonly #nodeIds: readonly string[];
  #runs = false;
  readonly #leader: () => Leader;
  readonly #now: () => number;

  constructor(nodes: readonly EngineNode[], { leader, now }: { leader: () => Leader; now: () => number }) {
    this.#nodes = new SimulatedNodes(nodes);
    this.#nodeIds = nodes.map(({ id }) => id);
    this.#leader = leader;
    this.#now = now;
  }

  run(): void {
    this.#runs = true;
    for (const id of this.#nodeIds) this.#advance(id);
  }

  /** What is in a set is durable. */
  push(nodeId: string, { attempts }: DesiredSet): void {
    for (const attempt of attempts) {
      const { jobId } = attempt;
      if (this.#gone.has(jobId)) continue;
      if (attempt.want === 'revoke') this.#giveBack(nodeId, attempt);
      else if (!this.#attempts.has(jobId)) this.#take(nodeId, attempt);
    }
    this.#advance(nodeId);
  }

  #take(nodeId: string, attempt: DesiredAttempt): void {
    const { jobId, behind } = attempt;
    const devices = attempt.devices.map(({ id }) => id);
    this.#attempts.set(jobId, attempt);
    const { count, pool } = behind ?? { count: 0, pool: [] };
    this.#nodes.standInLine(nodeId, { jobId, devices, count, pool: pool.map(({ id }) => id) });
  }

  #giveBack(nodeId: string, { jobId, attempt }: DesiredAttempt): void {
    if (!this.#attempts.delete(jobId)) return;
    this.#nodes.leave(jobId, [{ nodeId, devices: [] }]);
    this.#tell(jobId, { type: 'RecordRevoked', attempt });
  }

  #advance(nodeId: string): void {
    if (!this.#runs) return;
    for (let granted = this.#nodes.advance(nodeId); granted.length > 0; granted = this.#nodes.advance(nodeId)) {
      for (const { jobId, devices } of granted) this.#runJob(jobId, nodeId, devices);
    }
  }

  #runJob(jobId: string, nodeId: string, devices: readonly string[]): void {
    const { attempt, behind } = this.#attempts.get(jobId) ?? { attempt: 0, behind: null };
    const at = this.#now();
    this.#tell(jobId, { type: 'RecordStarted', attempt, at, ...(behind === null ? {} : { devices }) });
    this.#tell(jobId, { type: 'RecordEnded', attempt, result: success(at), now: at });
    this.#nodes.leave(jobId, [{ nodeId, devices }]);
    this.#attempts.delete(jobId);
    this.#gone.add(jobId);
    this.ended += 1;
    this.#leader().kick();
  }

  #tell(jobId: string, command: Parameters<Leader['execute']>[1]): void {
    const leader = this.#leader();
    leader.execute(jobId, command, leader.systemIdentity('agent'));
  }
}

function success(at: number): AttemptResult {
  return {
    reason: 'exited',
    exitCode: 0,
    signal: null,
    message: 'exited with 0',
    lastLines: [],
    finalMetrics: {},
    artifacts: null,
    startedAt: at,
    endedAt: at,
  };
}
