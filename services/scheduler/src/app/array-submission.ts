// Writes the jobs of an array, as many as are not there yet. They may start when the last one is in the log.
import type { JobSubmission, Owned, PinnedSpec } from '@baton/contracts';
import type { Leader, Written } from './leader.ts';
import type { Leadership } from './leadership.ts';
import { type ArrayPlan, memberSpec, placeOf } from './pin-scheduling.ts';
import type { CommandIdentity, Ids } from './ports.ts';
import { Turns } from './turns.ts';

export interface ArrayPorts {
  readonly leadership: Leadership;
  readonly ids: Pick<Ids, 'memberJobId'>;
}

export interface ArrayRequest {
  readonly plan: ArrayPlan;
  readonly job: { readonly spec: PinnedSpec; readonly owned: Owned };
  readonly identity: CommandIdentity;
  /** The submission's own id is its first job's: that is where a repeated request finds the first one. */
  readonly firstId: string;
}

export class ArraySubmission {
  readonly #ports: ArrayPorts;
  readonly #request: ArrayRequest;

  constructor(ports: ArrayPorts, request: ArrayRequest) {
    this.#ports = ports;
    this.#request = request;
  }

  /** In order, so that what an interrupted submission has left is always the beginning of the array. */
  async submit(): Promise<JobSubmission> {
    const { plan, firstId } = this.#request;
    const leader = this.#ports.leadership.leader();
    const turns = new Turns(this.#ports.leadership, leader);
    let last: Written | null = null;
    for (let index = 0; index < plan.count; index += 1) {
      const written = this.#write(leader, index);
      if (written === null) continue;
      last = written;
      await turns.after(written);
    }
    leader.kick();
    await last?.durable;
    return { id: firstId, revision: 1, array: { id: arrayIdOf(firstId), count: plan.count } };
  }

  #write(leader: Leader, index: number): Written | null {
    const { plan, job, identity, firstId } = this.#request;
    const place = placeOf(plan, arrayIdOf(firstId), index);
    const id = index === 0 ? firstId : this.#ports.ids.memberJobId(place.id, index);
    if (leader.ledger.has(id)) return null;
    const spec = memberSpec(job.spec, place);
    return leader.execute(id, { type: 'Submit', owned: job.owned, spec, rerunOf: null, array: place }, identity);
  }
}

export function arrayIdOf(firstJobId: string): string {
  return firstJobId.replace(/^job_/, 'arr_');
}

export function firstJobOf(arrayId: string): string {
  return arrayId.replace(/^arr_/, 'job_');
}

export function isArrayId(id: string): boolean {
  return /^arr_[a-z0-9]{26}$/.test(id);
}
