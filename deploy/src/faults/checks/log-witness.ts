// Reads the log of jobs as it is written, with a model of its own of who has which device.
import { type JobEvent, TWENTIETHS_OF_DEVICE, twentiethsOf } from '@baton/contracts';
import type { RecordedCommit } from '@baton/event-store';
import { evolveJob, initialJob, isPlaced, isTerminal, type JobState } from '@baton/scheduler/core';
import { decoded } from '../edges/event-log.ts';
import type { StoredEntry } from '../edges/stream.ts';
import type { Violated } from './violation.ts';

interface Job {
  state: JobState;
  revision: number;
  hash: string;
  readonly events: JobEvent[];
}

/** By the log, of each of its devices. */
interface Holder {
  readonly name: string;
  readonly twentieths: number;
}
const WHOLE = TWENTIETHS_OF_DEVICE;

type DataOf<T extends JobEvent['type']> = Extract<JobEvent, { type: T }>['data'];

export class LogWitness {
  readonly jobs = new Map<string, Job>();
  readonly #violated: Violated;
  /** Who has a device, or parts of one, by the log. */
  readonly #holders = new Map<string, Map<string, number>>();
  /** Those that have started, and hold what they have until they are released. */
  readonly #running = new Set<string>();
  readonly #termOf = new Map<number, string>();
  #highestTerm = 0;
  commits = 0;

  constructor(violated: Violated) {
    this.#violated = violated;
  }

  see(entry: StoredEntry): void {
    const commit = decoded(entry);
    const { id } = commit.ref;
    const job = this.jobs.get(id) ?? { state: initialJob, revision: 0, hash: '', events: [] };
    this.jobs.set(id, job);
    this.commits += 1;
    this.#checkEnvelope(commit, job);
    for (const event of commit.events as JobEvent[]) {
      if (isTerminal(job.state as never)) this.#violated('after-the-end', `${id} ${event.type} after its end`);
      this.#holding(id, event, job.state);
      this.#checkBlame(id, event);
      job.state = evolveJob(job.state, event);
      job.events.push(event);
    }
    job.revision = commit.revision;
    job.hash = commit.hash;
  }

  #checkEnvelope({ ref, revision, prevHash, term = 0, commitId, position }: RecordedCommit, job: Job): void {
    if (revision !== job.revision + 1 || prevHash !== job.hash)
      this.#violated('chain-broken', `${ref.id} revision ${revision} at ${position} does not follow ${job.revision}`);
    const writer = commitId.split('#')[0] ?? '';
    const known = this.#termOf.get(term) ?? writer;
    this.#termOf.set(term, known);
    if (known !== writer) this.#violated('term-shared', `term ${term} is used by ${known} and ${writer}`);
    if (term < this.#highestTerm) this.#violated('term-shared', `term ${term} behind ${this.#highestTerm}`);
    this.#highestTerm = Math.max(this.#highestTerm, term);
  }

  /** Nothing that the simulation asks for is wrong in itself. */
  #checkBlame(id: string, { type, data }: JobEvent): void {
    if ((type === 'AttemptEnded' || type === 'RankEnded') && data.result.reason === 'bad-input')
      this.#violated('blamed-wrongly', `${id}.${data.attempt} ended for bad input: ${data.result.message}`);
  }

  #holding(id: string, { type, data }: JobEvent, before: JobState): void {
    if (type === 'JobAssigned') this.#assigned(id, data, before);
    else if (type === 'AttemptStarted') this.#started(id, data, before);
    else if (type === 'AttemptReleased' || type === 'RankEnded') this.#free(`${id}.${data.attempt}.${data.rank ?? 0}`);
    else if (type === 'AttemptEnded' || type === 'AttemptRevoked') this.#freeAll(`${id}.${data.attempt}.`);
  }

  #assigned(id: string, { attempt, nodeId, devices, ranks }: DataOf<'JobAssigned'>, before: JobState): void {
    const places = ranks ?? [{ nodeId, devices }];
    if (before.phase !== 'queued')
      this.#violated('device-given-twice', `${id} is assigned while it is ${before.phase}`);
    const wanted = before.phase === 'none' ? 1 : (before.spec.nodes ?? 1);
    if (places.length !== wanted || new Set(places.map((place) => place.nodeId)).size !== wanted)
      this.#violated('gang-in-part', `${id} is given ${places.length} of ${wanted} nodes`);
    const twentieths = twentiethsIn(before);
    for (const [rank, { nodeId: on, devices: given }] of places.entries())
      this.#take({ name: `${id}.${attempt}.${rank}`, twentieths }, on, given);
  }

  #started(id: string, { attempt, devices = [], rank = 0 }: DataOf<'AttemptStarted'>, before: JobState): void {
    if (!isPlaced(before)) return;
    const holder = { name: `${id}.${attempt}.${rank}`, twentieths: twentiethsIn(before) };
    this.#running.add(holder.name);
    const nodeId = before.attempt.gang?.ranks[rank]?.nodeId ?? before.attempt.nodeId;
    // What is called off before it ran holds nothing: its agent lets the next one go.
    for (const device of devices) {
      const known = this.#holders.get(`${nodeId}/${device}`) ?? new Map<string, number>();
      for (const name of known.keys()) if (!this.#running.has(name) && holder.twentieths === WHOLE) known.delete(name);
    }
    this.#take(holder, nodeId, devices);
  }

  #take(holder: Holder, nodeId: string, devices: readonly string[]): void {
    for (const device of devices) {
      const key = `${nodeId}/${device}`;
      const known = this.#holders.get(key) ?? new Map<string, number>();
      this.#holders.set(key, known.set(holder.name, holder.twentieths));
      const sum = [...known.values()].reduce((all, part) => all + part, 0);
      if (sum > WHOLE)
        this.#violated(
          'device-given-twice',
          `${key} is given to ${holder.name}; its holders: ${[...known.keys()].join()}`,
        );
    }
  }

  #free(holder: string): void {
    for (const known of this.#holders.values()) known.delete(holder);
  }

  #freeAll(prefix: string): void {
    for (const known of this.#holders.values())
      for (const name of known.keys()) if (name.startsWith(prefix)) known.delete(name);
  }
}

/** Read from the specification, not asked of the engine. */
export function twentiethsIn(state: JobState): number {
  if (state.phase === 'none') return WHOLE;
  const { gpus, cpuSlots } = state.spec.resources;
  return (gpus > 0 ? twentiethsOf(gpus) : twentiethsOf(cpuSlots ?? 1)) ?? WHOLE;
}
