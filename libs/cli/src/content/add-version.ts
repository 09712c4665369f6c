// Makes a version from files and folders; the thing itself is made if there is none of that name.
import type { BatonClient, VersionAdded } from '@baton/sdk';
import type { Catalogue } from '../commands/catalogue/catalogue.ts';
import { type Content, prepareContent, type SentContent, sendContent } from './upload-content.ts';

export interface NewContent {
  readonly name: string;
  readonly paths: readonly string[];
  readonly description?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly visibility?: 'private' | 'group' | 'everyone' | undefined;
  readonly group?: string | undefined;
  readonly unpack?: boolean | undefined;
  readonly everything?: boolean;
  readonly kind?: string | undefined;
  readonly trained?: boolean | undefined;
}

/** `isNew` tells whether the thing was made. */
export async function addVersion(
  client: BatonClient,
  catalogue: Catalogue,
  content: NewContent,
  signal: AbortSignal,
): Promise<VersionAdded & { readonly isNew: boolean }> {
  const isNew = await ensureThing(client, catalogue, content);
  const sent: SentContent[] = [];
  for (const path of content.paths) sent.push(await sendPath(client, path, content.everything ?? false, signal));
  const { unpack, kind, trained } = content;
  const added = await catalogue.of(client).addVersion(content.name, {
    uploads: sent.map(({ uploadId }) => uploadId),
    ...defined({ unpack, kind, trained }),
  });
  for (const each of sent) await each.forget();
  return { ...added, isNew };
}

async function sendPath(
  client: BatonClient,
  path: string,
  everything: boolean,
  signal: AbortSignal,
): Promise<SentContent> {
  const content: Content = await prepareContent(path, { everything });
  try {
    return await sendContent(client, content, signal);
  } finally {
    await content.release();
  }
}

export async function ensureThing(
  client: BatonClient,
  catalogue: Catalogue,
  content: Omit<NewContent, 'paths'>,
): Promise<boolean> {
  const things = catalogue.of(client);
  try {
    await things.get(content.name);
    return false;
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'not_found') throw error;
  }
  const { name, description, tags, visibility, group } = content;
  await things.create({ name, ...defined({ description, tags, visibility, group }) });
  return true;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends object>(members: T): Defined<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Defined<T>;
}
