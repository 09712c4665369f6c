// A folder as a code version of a model; code that a version holds already is not sent again.
import { basename, resolve } from 'node:path';
import type { BatonClient } from '@baton/sdk';
import { models } from '../commands/catalogue/catalogue.ts';
import { ensureThing } from '../content/add-version.ts';
import { type Content, prepareContent, sendContent } from '../content/upload-content.ts';
import { usage } from '../failure.ts';

export interface CodeSnapshot {
  readonly model: string;
  readonly version: number;
  readonly isNew: boolean;
  readonly fileCount: number;
}

export async function snapshotCode(
  client: BatonClient,
  folder: string,
  name: string,
  signal: AbortSignal,
): Promise<CodeSnapshot> {
  const content = await prepareContent(folder);
  try {
    const known = (await ensureThing(client, models, { name })) ? null : await versionWith(client, name, content);
    if (known !== null) return { model: name, version: known, isNew: false, fileCount: content.fileCount ?? 1 };
    const sent = await sendContent(client, content, signal);
    const { version } = await client.models.addVersion(name, { uploads: [sent.uploadId], kind: 'code' });
    await sent.forget();
    return { model: name, version, isNew: true, fileCount: content.fileCount ?? 1 };
  } finally {
    await content.release();
  }
}

/** The version that was made from just these bytes, and from nothing else. */
async function versionWith(client: BatonClient, name: string, { sha256 }: Content): Promise<number | null> {
  const { versions } = await client.models.get(name);
  const found = versions.findLast(
    ({ uploads, kind }) => kind !== 'weights' && uploads.length === 1 && uploads[0]?.digest === sha256,
  );
  return found?.version ?? null;
}

/** The model that a folder's code goes to: named after the folder, as far as names allow. */
export function modelNameOf(folder: string): string {
  const name = basename(resolve(folder))
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 63);
  if (name === '') throw usage(`The folder ${folder} has no name that a model can have. Give --model NAME.`);
  return name;
}
