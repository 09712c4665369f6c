// Walks a folder that a hostile job may have written, and may still write: nothing but regular files is opened, no link is
// followed, not even one that takes a folder's place meanwhile (each name is opened relative to its open folder).
import { constants, type Dirent, fstatSync } from 'node:fs';
import { type FileHandle, open, opendir, readlink } from 'node:fs/promises';
import { isSafePath } from '../../domain/safe-path.ts';

export type Oddity =
  /** A socket, a pipe, a device. */
  | 'special'
  /** No UTF-8, a backslash in it, or too long. */
  | 'name'
  /** The job gave itself no right to read it, or the disk can't. */
  | 'unreadable'
  /** A hard link to somebody else's file: the job could perhaps not read it, and this process can. */
  | 'foreign'
  /** It was listed, and was gone when it was to be opened. */
  | 'vanished';

export interface TreeVisitor {
  /** The handle is closed afterwards. Several run at a time. */
  file(path: string, handle: FileHandle): Promise<void>;
  link(path: string, target: string): void;
  /** `path` is for people: bytes that are no text are written as `\xNN`. `code` is the system's. */
  odd(path: string, oddity: Oddity, code?: string): void;
  /** Whether to pass over a file or folder of this name. */
  skip?(name: string): boolean;
}

const CONCURRENT_FILES = 16;
const MAX_PATH_CHARS = 1_024;
const { O_RDONLY, O_NOFOLLOW, O_DIRECTORY, O_NONBLOCK } = constants;

/**
 * False if there is no such folder. Rejects with the first error of a visitor, when everything open is closed. `ownerId`: whose
 * the files are; the folder's own owner if absent.
 */
export async function walkTree(root: string, visitor: TreeVisitor, ownerId?: number): Promise<boolean> {
  const folder = await open(root, O_RDONLY | O_DIRECTORY | O_NOFOLLOW).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'ELOOP') return null;
    throw error;
  });
  if (folder === null) return false;
  const walk = new Walk(visitor, ownerId ?? (await folder.stat()).uid);
  await walk.folder(folder, '').catch((error: unknown) => walk.fail(error));
  await walk.settled();
  return true;
}

class Walk {
  readonly #visitor: TreeVisitor;
  readonly #ownerId: number;
  /** Folders whose files are still being visited. */
  readonly #open = new Set<Promise<void>>();
  readonly #waiting: (() => void)[] = [];
  #places = CONCURRENT_FILES;
  #failure: { readonly error: unknown } | null = null;

  constructor(visitor: TreeVisitor, ownerId: number) {
    this.#visitor = visitor;
    this.#ownerId = ownerId;
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  async settled(): Promise<void> {
    await Promise.all(this.#open);
    if (this.#failure !== null) throw this.#failure.error;
  }

  /** Resolves when everything below has been begun; the handle is closed when it is done. */
  async folder(handle: FileHandle, prefix: string): Promise<void> {
    const running: Promise<void>[] = [];
    const here: Here = { base: Buffer.from(`/proc/self/fd/${handle.fd}/`), prefix };
    const folders: Buffer[] = [];
    try {
      for await (const entry of await opendir(`/proc/self/fd/${handle.fd}`, { encoding: 'buffer' as BufferEncoding })) {
        if (this.#failure !== null) return;
        const name = (entry as unknown as Dirent<Buffer>).name;
        if (this.#visitor.skip?.(name.toString()) === true) continue;
        if (entry.isDirectory()) folders.push(name);
        else await this.#entry(here, entry as unknown as Dirent<Buffer>, running);
      }
      for (const name of folders) await this.#below(here, name);
    } finally {
      const closing = Promise.all(running).then(() => handle.close());
      this.#open.add(closing);
      void closing.finally(() => this.#open.delete(closing));
    }
  }

  async #below(here: Here, name: Buffer): Promise<void> {
    const path = this.#named(here, name);
    if (path === null || this.#failure !== null) return;
    const child = await open(at(here, name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW).catch((error) =>
      this.#odd(path, error),
    );
    if (child) await this.folder(child, `${path}/`);
  }

  async #entry(here: Here, entry: Dirent<Buffer>, running: Promise<void>[]): Promise<void> {
    const path = this.#named(here, entry.name);
    if (path === null) return;
    if (entry.isSymbolicLink()) return this.#link(here, entry.name, path);
    if (!entry.isFile()) return this.#visitor.odd(path, 'special');
    await this.#place();
    running.push(
      this.#file(here, entry.name, path)
        .catch((error: unknown) => this.fail(error))
        .finally(() => this.#giveBack()),
    );
  }

  async #file(here: Here, name: Buffer, path: string): Promise<void> {
    // Opening a pipe that has taken its place must not wait for somebody who writes.
    const flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
    const handle = await open(at(here, name), flags).catch((error) => this.#odd(path, error));
    if (!handle) return;
    try {
      const found = fstatSync(handle.fd);
      if (!found.isFile()) this.#visitor.odd(path, 'special');
      else if (found.nlink > 1 && found.uid !== this.#ownerId) this.#visitor.odd(path, 'foreign');
      else await this.#visitor.file(path, handle);
    } finally {
      await handle.close();
    }
  }

  async #link(here: Here, name: Buffer, path: string): Promise<void> {
    const target = await readlink(at(here, name), { encoding: 'buffer' }).catch((error) => this.#odd(path, error));
    if (target) this.#visitor.link(path, target.toString());
  }

  /** Null, and told, if it can't be a path of a manifest. */
  #named({ prefix }: Here, name: Buffer): string | null {
    const text = textOf(name);
    const path = text === null ? null : prefix + text;
    if (path !== null && path.length <= MAX_PATH_CHARS && isSafePath(path)) return path;
    this.#visitor.odd((path ?? prefix + escaped(name)).slice(0, MAX_PATH_CHARS), 'name');
    return null;
  }

  #odd(path: string, { code = '' }: NodeJS.ErrnoException): null {
    if (code === 'EMFILE' || code === 'ENFILE') throw new Error('The agent has too many files open.');
    const gone = code === 'ENOENT' || code === 'ELOOP' || code === 'ENOTDIR' || code === 'ENXIO';
    this.#visitor.odd(path, gone ? 'vanished' : 'unreadable', code);
    return null;
  }

  async #place(): Promise<void> {
    if (this.#places === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#places -= 1;
  }

  #giveBack(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#places += 1;
  }
}

/** An open folder. */
interface Here {
  readonly base: Buffer;
  /** '' or a path that ends in a slash. */
  readonly prefix: string;
}

function at({ base }: Here, name: Buffer): Buffer {
  return Buffer.concat([base, name]);
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(name: Buffer): string | null {
  try {
    return decoder.decode(name);
  } catch {
    return null;
  }
}

function escaped(name: Buffer): string {
  const characters = [...name].map((byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`,
  );
  return characters.join('');
}
