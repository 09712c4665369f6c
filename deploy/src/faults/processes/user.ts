// The users: one process that asks for what the workload says, and asks again with the same key until it knows.
import type { Principal } from '@baton/contracts';
import { hasCode } from '@baton/errors';
import type { Calls } from '../edges/calls.ts';
import type { Kernel, SimulatedProcess } from '../kernel/kernel.ts';
import type { Request, Work } from '../workload.ts';
import type { JobOperation } from './scheduler-process.ts';

const CALL_MS = 6_000;
const RETRY_MS = [100, 900] as const;
const LOOK_MS = 250;
const USERS = 3;

/** It was answered that it is done. */
export interface Acknowledged {
  readonly operation: Request['operation'];
  readonly jobId: string;
}

export interface UserParts {
  readonly kernel: Kernel;
  readonly calls: Calls;
  readonly process: SimulatedProcess;
  readonly onAcknowledged: (acknowledged: Acknowledged) => void;
}

export class User {
  readonly #parts: UserParts;
  /** Ids by ordinal. */
  readonly jobs = new Map<number, string>();
  #open = 0;

  constructor(parts: UserParts) {
    this.#parts = parts;
  }

  /** Requests that have no answer yet. */
  get open(): number {
    return this.#open;
  }

  plan(requests: readonly Request[]): void {
    const { kernel, process } = this.#parts;
    this.#open += requests.length;
    for (const [index, request] of requests.entries()) {
      kernel.schedule(process, request.at - kernel.now, () => {
        void this.#carryOut(request, `key-${index}`).finally(() => (this.#open -= 1));
      });
    }
  }

  /** What is held would never end. */
  releaseAll(): void {
    for (const [job] of this.jobs) {
      this.#open += 1;
      void this.#carryOut({ at: 0, operation: 'release', job }, `last-${job}`).finally(() => (this.#open -= 1));
    }
  }

  async #carryOut(request: Request, key: string): Promise<void> {
    const { onAcknowledged } = this.#parts;
    const command = await this.#commandOf(request);
    for (;;) {
      try {
        const answer = (await this.#ask(request.job, command, key)) as { readonly id: string };
        if (request.operation === 'submit') this.jobs.set(request.job, answer.id);
        return onAcknowledged({ operation: request.operation, jobId: answer.id });
      } catch (error) {
        if (hasCode(error, 'conflict')) return;
        const isEarly = request.operation === 'submit' && hasCode(error, 'unsatisfiable');
        if (!isPassing(error) && !isEarly) throw error;
      }
      await this.#pause(RETRY_MS);
    }
  }

  #ask(job: number, command: JobOperation, key: string): Promise<unknown> {
    const { calls, process } = this.#parts;
    const meta = { requestId: key, idempotencyKey: key };
    const caller = { principal: principalOf(job), meta };
    return calls.call(process, { operation: 'command', from: 'user', body: { caller, command } }, CALL_MS);
  }

  async #commandOf(request: Request): Promise<JobOperation> {
    if (request.operation !== 'submit') return { operation: request.operation, id: await this.#idOf(request.job) };
    const { after, ...spec } = request.spec;
    if (after === undefined) return { operation: 'submit', spec };
    const jobs = await Promise.all(after.map((job) => this.#idOf(job)));
    return { operation: 'submit', spec: { ...spec, after: jobs.map((job) => ({ job, when: whenOf(request.spec) })) } };
  }

  async #idOf(job: number): Promise<string> {
    for (let id = this.jobs.get(job); ; id = this.jobs.get(job)) {
      if (id !== undefined) return id;
      await this.#pause([LOOK_MS, LOOK_MS]);
    }
  }

  #pause([least, most]: readonly [number, number]): Promise<void> {
    const { kernel, process } = this.#parts;
    return new Promise((resolve) => kernel.schedule(process, kernel.between(least, most), resolve));
  }
}

function whenOf({ retries }: Work): 'success' | 'end' {
  return retries === undefined ? 'success' : 'end';
}

function isPassing(error: unknown): boolean {
  return hasCode(error, 'unavailable') || hasCode(error, 'outcome_unknown') || hasCode(error, 'storage_full');
}

/** All may read and change it: it is about faults, not about rights. */
function principalOf(job: number): Principal {
  const userId = `usr_${'abc'.charAt(job % USERS).repeat(26)}`;
  return { kind: 'user', userId, role: 'admin', groups: [], credentialId: 'simulated' };
}
