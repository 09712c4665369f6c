// Paths of files in a manifest: what may be one, and which go together.
import type { ErrorCode } from '@baton/contracts';
import { PlatformError } from '@baton/errors';

/** As in the schema of manifests. */
const MAX_PATH = 1024;
/** Of one name on every common file system. */
const MAX_NAME_BYTES = 255;

/** Why `path` can't be a file's place below some folder, or null. */
export function pathFault(path: string): string | null {
  if (path.length > MAX_PATH) return `is longer than ${MAX_PATH} characters`;
  if (path.includes('\0')) return 'holds a NUL';
  if (path.includes('\\')) return 'holds a backslash';
  if (!path.isWellFormed()) return 'is not Unicode';
  if (path.startsWith('/') || /^[A-Za-z]:\//.test(path)) return 'is absolute';
  return (
    path
      .split('/')
      .map(nameFault)
      .find((fault) => fault !== null) ?? null
  );
}

function nameFault(name: string): string | null {
  if (name === '' || name === '.' || name === '..') return `holds the segment "${name}"`;
  return Buffer.byteLength(name) > MAX_NAME_BYTES ? `holds a name longer than ${MAX_NAME_BYTES} bytes` : null;
}

/** The files and folders so far: no path twice, and none both a file and a folder. */
export class PathSet {
  readonly #files = new Set<string>();
  readonly #folders = new Set<string>();
  readonly #code: ErrorCode;

  /** `code` of the errors thrown. */
  constructor(code: ErrorCode) {
    this.#code = code;
  }

  file(path: string): void {
    this.#check(path);
    if (this.#files.has(path)) throw this.#refusal(path, 'is there twice');
    if (this.#folders.has(path)) throw this.#refusal(path, 'is both a file and a folder');
    this.#above(path);
    this.#files.add(path);
  }

  folder(path: string): void {
    this.#check(path);
    if (this.#files.has(path)) throw this.#refusal(path, 'is both a file and a folder');
    this.#above(path);
    this.#folders.add(path);
  }

  #above(path: string): void {
    const fresh: string[] = [];
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const folder = path.slice(0, end);
      if (this.#files.has(folder)) throw this.#refusal(folder, 'is both a file and a folder');
      // The parents of a known one were added with it.
      if (this.#folders.has(folder)) break;
      fresh.push(folder);
    }
    for (const folder of fresh) this.#folders.add(folder);
  }

  #check(path: string): void {
    const fault = pathFault(path);
    if (fault !== null) throw this.#refusal(path, fault);
  }

  #refusal(path: string, fault: string): PlatformError {
    const shown = JSON.stringify(path.length > 200 ? `${path.slice(0, 200)}...` : path);
    return new PlatformError(this.#code, `The path ${shown} ${fault}.`);
  }
}
