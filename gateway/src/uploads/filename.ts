// The name that an upload's file goes by: the client's, without folders and control characters.
const MAX_LENGTH = 255;
const FALLBACK = 'upload.bin';

export function safeFilename(name: string | null | undefined): string {
  const last = (name ?? '').split(/[/\\]/).at(-1) ?? '';
  const clean = last
    .replaceAll(/\p{Cc}/gu, '')
    .trim()
    .slice(0, MAX_LENGTH);
  return clean === '' || clean === '.' || clean === '..' ? FALLBACK : clean;
}
