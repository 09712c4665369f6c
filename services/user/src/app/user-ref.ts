// Which user is meant: an id, an e-mail address, or `me`.
import type { Principal } from '@baton/contracts';
import type { Names } from './aggregates.ts';
import { isIdOf } from './identifier.ts';
import { sameEmail } from './person.ts';

/** Null where no account can be meant. An id is not looked up. */
export async function findUserId(
  ref: string,
  principal: Principal,
  names: Pick<Names, 'holder'>,
): Promise<string | null> {
  if (ref === 'me') return isIdOf('user', principal.userId) ? principal.userId : null;
  if (ref.includes('@')) return names.holder('email', sameEmail(ref));
  return isIdOf('user', ref) ? ref : null;
}
