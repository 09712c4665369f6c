// Which uploads are archives: the name must ask for unpacking and the content must bear it out.
import { PlatformError } from '@baton/errors';

export type ArchiveKind = 'zip' | 'tar' | 'tar.gz';

/** How much of the content `checkMagic` wants to see. */
export const HEAD_BYTES = 512;

const SUFFIXES: readonly (readonly [RegExp, ArchiveKind])[] = [
  [/\.zip$/i, 'zip'],
  [/\.tar$/i, 'tar'],
  [/\.(tar\.gz|tgz)$/i, 'tar.gz'],
];

const TAR_MAGIC_AT = 257;

/** By name alone: .npz, .pt, .keras and .jar are zip files too, but they are wanted whole. */
export function archiveKind(filename: string): ArchiveKind | null {
  return SUFFIXES.find(([suffix]) => suffix.test(filename))?.[1] ?? null;
}

/** Throws `bad_archive` if the content does not begin as its kind does. */
export function checkMagic(kind: ArchiveKind, head: Buffer, filename: string): void {
  if (magicKind(head) === kind) return;
  throw new PlatformError('bad_archive', `${filename} is named like a ${kind} archive, but its content is none.`);
}

function magicKind(head: Buffer): ArchiveKind | null {
  const start = head.subarray(0, 4).toString('latin1');
  // The second is the end record, which an empty archive begins with.
  if (start === 'PK\x03\x04' || start === 'PK\x05\x06') return 'zip';
  if (start.startsWith('\x1f\x8b\x08')) return 'tar.gz';
  return head.subarray(TAR_MAGIC_AT, TAR_MAGIC_AT + 5).toString('latin1') === 'ustar' ? 'tar' : null;
}
