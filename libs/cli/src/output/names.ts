// Names in place of the ids of users and groups, as far as the asker may see them.
import type { BatonClient } from '@baton/sdk';
import { listItems } from '../pages.ts';

const ID = /\b(?:usr|grp)_[a-z0-9]{26}\b/g;

export interface Names {
  /** The id itself where its name may not be seen. */
  of(id: string): string;
  /** The text with names in the ids' places. */
  in(text: string): string;
}

/** Asks only if there is an id in `text`. */
export async function namesFor(client: BatonClient, text: string): Promise<Names> {
  const names = new Map<string, string>();
  if (text.search(ID) >= 0) {
    const [users, { items: groups }] = await Promise.all([listItems(client.users.list), client.groups.list()]);
    for (const { id, email } of users) names.set(id, email);
    for (const { id, name } of groups) names.set(id, name);
  }
  const of = (id: string) => names.get(id) ?? id;
  return { of, in: (given) => given.replaceAll(ID, of) };
}
