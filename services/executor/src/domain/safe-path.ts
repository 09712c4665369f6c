// Paths from manifests are hostile until proven otherwise: they came from uploads.

/** Whether `path` is a relative POSIX path that stays inside its folder. */
export function isSafePath(path: string): boolean {
  if (path === '' || path.startsWith('/') || path.includes('\0') || path.includes('\\')) return false;
  return path.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..');
}
