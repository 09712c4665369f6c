// Which user is meant: an id, or an e-mail address that is looked up.
import type { BatonClient } from '@baton/sdk';
import { EXIT } from '../../exit-codes.ts';
import { Failure } from '../../failure.ts';
import { listItems } from '../../pages.ts';

export async function findUserId(client: BatonClient, ref: string): Promise<string> {
  if (!ref.includes('@')) return ref;
  const users = await listItems(client.users.list);
  const found = users.find(({ email }) => email.toLowerCase() === ref.toLowerCase());
  if (!found)
    throw new Failure(
      EXIT.notFound,
      `There is no user ${ref} that you may see. Their id works too; \`baton whoami\` shows it.`,
    );
  return found.id;
}
