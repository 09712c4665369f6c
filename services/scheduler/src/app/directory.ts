// Whom a text means: users and groups by name, told by the user service, each asked for once.
import { hasCode } from '@baton/errors';
import type { Caller } from './ports.ts';

/** Both throw `not_found` for what is not there, or not for the caller. */
export interface Directory {
  /** By id or e-mail address. */
  findUser(caller: Caller, ref: string): Promise<string>;
  /** By id or name. */
  findGroup(caller: Caller, ref: string): Promise<string>;
}

export type Kind = 'user' | 'group';
/** The id, or null where nobody is meant. */
export type Lookup = (kind: Kind, ref: string) => string | null;

const AT_ONCE = 16;

/** Asks for all that is wanted, a few at a time. */
export async function lookUp(
  directory: Directory,
  caller: Caller,
  wanted: readonly (readonly [kind: Kind, ref: string])[],
): Promise<Lookup> {
  const found = new Map<string, string | null>();
  const left = new Map(wanted.map((each) => [keyOf(...each), each] as const));
  const queue = left.entries();
  const work = async () => {
    for (const [key, [kind, ref]] of queue) {
      const id = kind === 'user' ? directory.findUser(caller, ref) : directory.findGroup(caller, ref);
      found.set(key, await id.catch(nobody));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return (kind, ref) => found.get(keyOf(kind, ref)) ?? null;
}

function keyOf(kind: Kind, ref: string): string {
  return `${kind} ${ref}`;
}

function nobody(error: unknown): null {
  if (hasCode(error, 'not_found')) return null;
  throw error;
}
