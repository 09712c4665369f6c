// Watches the processes of jobs on all nodes, and compares them with the log.
import { type AttemptResult, type JobEvent, TWENTIETHS_OF_DEVICE } from '@baton/contracts';
import { initialJob, isPlaced, partsOf } from '@baton/scheduler/core';
import type { JobProcess, ProcessWitness } from '../edges/job-processes.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { type LogWitness, twentiethsIn } from './log-witness.ts';
import type { Violated } from './violation.ts';

interface Ran {
  readonly node: string;
  readonly process: JobProcess;
  readonly startedAt: number;
}

export interface ProcessWitnessParts {
  readonly kernel: Kernel;
  readonly log: LogWitness;
  readonly violated: Violated;
  readonly nodeIdOf: (node: string) => string;
}

export class Witness implements ProcessWitness {
  readonly #parts: ProcessWitnessParts;
  /** By job, attempt and node. */
  readonly #ran = new Map<string, Ran>();

  constructor(parts: ProcessWitnessParts) {
    this.#parts = parts;
  }

  get count(): number {
    return this.#ran.size;
  }

  started(node: string, process: JobProcess, running: readonly JobProcess[]): void {
    const { kernel, violated } = this.#parts;
    const name = nameOf(process);
    const [full, ...others] = this.#tooFull(process, running);
    if (full !== undefined)
      violated(
        'device-held-twice',
        `${name} is let go on ${node} with ${process.devices.join()}, which ${[full, ...others].map(nameOf).join()} have`,
      );
    const key = `${name} on ${node}`;
    if (this.#ran.has(key)) violated('started-twice', key);
    const before = [...this.#ran.values()].find(
      (ran) => isStillRunning(ran.process) && isEarlier(ran.process, process),
    );
    if (before !== undefined)
      violated('runs-twice', `${key} begins while ${nameOf(before.process)} runs on ${before.node}`);
    this.#ran.set(key, { node, process, startedAt: kernel.now });
    this.#checkPlace(node, process);
  }

  /** Who has one of its devices, where that leaves no room for it. */
  #tooFull(process: JobProcess, running: readonly JobProcess[]): JobProcess[] {
    const part = ({ key }: JobProcess) => twentiethsIn(this.#parts.log.jobs.get(key.jobId)?.state ?? initialJob);
    return process.devices.flatMap((device) => {
      const there = running.filter((other) => other !== process && other.devices.includes(device));
      const sum = there.reduce((all, other) => all + part(other), part(process));
      return sum > TWENTIETHS_OF_DEVICE ? there : [];
    });
  }

  #checkPlace(node: string, process: JobProcess): void {
    const { log, violated, nodeIdOf } = this.#parts;
    const { jobId, attempt } = process.key;
    const state = log.jobs.get(jobId)?.state;
    const isThere =
      state !== undefined &&
      isPlaced(state) &&
      state.attempt.number === attempt &&
      partsOf(state).some(({ nodeId }) => nodeId === nodeIdOf(node));
    if (!isThere) return violated('started-unasked', `${nameOf(process)} on ${node}: the log has it ${state?.phase}`);
    if (state.attempt.gang?.rendezvous === null)
      violated('gang-in-part', `${nameOf(process)} on ${node} starts before the others are ready`);
  }

  signalled(node: string, process: JobProcess): void {
    if (process.state !== 'running' || this.#isOverItsLimit(node, process) || this.#isAsked(process)) return;
    const state = this.#parts.log.jobs.get(process.key.jobId)?.state;
    this.#parts.violated(
      'killed-unasked',
      `${nameOf(process)} on ${node} is signalled: the log has it ${state?.phase}`,
    );
  }

  #isOverItsLimit(node: string, process: JobProcess): boolean {
    const { log, kernel } = this.#parts;
    const state = log.jobs.get(process.key.jobId)?.state;
    const ran = this.#ran.get(`${nameOf(process)} on ${node}`);
    if (state === undefined || state.phase === 'none' || ran === undefined) return false;
    const { timeLimitMs } = state.spec;
    return timeLimitMs !== null && kernel.now - ran.startedAt >= timeLimitMs - 1;
  }

  #isAsked({ key: { jobId, attempt } }: JobProcess): boolean {
    const state = this.#parts.log.jobs.get(jobId)?.state;
    if (state === undefined || !isPlaced(state) || state.attempt.number !== attempt) return false;
    return state.phase === 'stopping' || state.attempt.gang?.isStopping === true;
  }

  /** At the end: each that ran is in the log, with the end that it had. */
  checkFacts(): void {
    const { log, violated, nodeIdOf } = this.#parts;
    for (const { node, process } of this.#ran.values()) {
      const { jobId, attempt } = process.key;
      const events = log.jobs.get(jobId)?.events ?? [];
      const result = resultOf(events, attempt, nodeIdOf(node));
      const name = `${nameOf(process)} on ${node}`;
      if (result === undefined) violated('fact-lost', `${name} ran, and the log does not know how it ended`);
      else if (!isSameEnd(process, result))
        violated(
          'fact-lost',
          `${name} ended with ${JSON.stringify(process.end)}, the log says ${result.reason} ${result.exitCode}`,
        );
    }
  }
}

function isStillRunning({ state }: JobProcess): boolean {
  return state === 'running' || state === 'leaving';
}

function isEarlier(one: JobProcess, other: JobProcess): boolean {
  return one.key.jobId === other.key.jobId && one.key.attempt < other.key.attempt;
}

function nameOf({ key }: JobProcess): string {
  return `${key.jobId}.${key.attempt}`;
}

/** Of the node's own part. */
function resultOf(events: readonly JobEvent[], attempt: number, nodeId: string): AttemptResult | undefined {
  const assigned = events.find((event) => event.type === 'JobAssigned' && event.data.attempt === attempt);
  if (assigned?.type !== 'JobAssigned') return undefined;
  const rank = assigned.data.ranks?.findIndex((place) => place.nodeId === nodeId);
  for (const event of events) {
    if (rank === undefined && event.type === 'AttemptEnded' && event.data.attempt === attempt) return event.data.result;
    if (event.type === 'RankEnded' && event.data.attempt === attempt && event.data.rank === rank)
      return event.data.result;
  }
  return undefined;
}

/** Of one that was lost nobody knows; of one that was to stop, its agent says why. */
function isSameEnd({ end, isLeased, isEndLost }: JobProcess, { reason, exitCode }: AttemptResult): boolean {
  if (end === null || end.kind !== 'exited') return reason !== 'exited';
  // By lease it counts as lost where its node could not say in time how it ended.
  if (reason === 'lost') return isLeased || isEndLost;
  return exitCode === end.code;
}
