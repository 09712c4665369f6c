// What stands in a person's place once their data can't be read any more: the same for ever, told from other erased persons' by the id.
import type { UserView } from '@baton/contracts';

/** Beginning of the id's random part: as much as tells people apart. */
const TOLD_BY = 6;

/** `.invalid` is no domain (RFC 2606): nothing can be sent there, and nobody signs up with it by chance. */
export function pseudonym(userId: string): Pick<UserView, 'email' | 'name'> {
  const random = userId.slice(userId.indexOf('_') + 1);
  return { name: `erased user ${random.slice(0, TOLD_BY)}`, email: `${random}@erased.invalid` };
}
