// Callers for tests.
import type { Principal } from '@baton/contracts';

/** A user whose id is made of one letter. */
export function person(letter: string, more: Partial<Principal> = {}): Principal {
  return {
    kind: 'user',
    userId: `usr_${letter.repeat(26)}`,
    role: 'user',
    groups: [],
    credentialId: `tok_${letter.repeat(26)}`,
    ...more,
  };
}
