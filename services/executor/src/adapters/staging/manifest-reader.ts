// A manifest as it came from an upload: hostile until it was checked, and this process may be root.
import { fits, Manifest } from '@baton/contracts';
import { hasCode, PlatformError } from '@baton/errors';
import { createHash } from 'node:crypto';
import type { BlobSource } from '../../app/blob-source.ts';
import { isSafePath } from '../../domain/safe-path.ts';

/** `what` is what people call it: "dataset digits". */
export async function readManifest(
  source: BlobSource,
  { digest, what }: { readonly digest: string; readonly what: string },
  signal: AbortSignal,
): Promise<Manifest> {
  const bytes = await source.read(digest, signal).catch((error: unknown) => {
    if (!hasCode(error, 'not_found')) throw error;
    throw new PlatformError('not_found', `The ${what} is not in the store.`, { cause: error });
  });
  if (createHash('sha256').update(bytes).digest('hex') !== digest)
    throw new PlatformError('digest_mismatch', `The manifest of the ${what} is damaged in the store.`);
  const manifest = parse(bytes);
  if (!fits(Manifest, manifest)) throw new PlatformError('invalid_input', `The manifest of the ${what} can't be read.`);
  const unsafe = manifest.files.find((file) => !isSafePath(file.path));
  if (unsafe === undefined) return manifest;
  const path = JSON.stringify(unsafe.path);
  throw new PlatformError('invalid_input', `The ${what} holds the path ${path}, which is not allowed.`);
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}
