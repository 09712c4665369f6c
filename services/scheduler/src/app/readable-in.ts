// Whether who asks may read a job that is not over: that there is one is not told to others.
import { canRead, type Principal } from '@baton/contracts';
import type { JobLedger } from '../domain/ledger.ts';
import { isArrayId } from './array-submission.ts';

/** Of an array, as of its first job. */
export function readableIn(ledger: JobLedger, principal: Principal): (id: string) => boolean {
  return (id) => {
    const state = ledger.active(isArrayId(id) ? (ledger.membersOf(id)[0] ?? '') : id)?.state;
    return state !== undefined && canRead(principal, state);
  };
}
