// Puts every regular file of an attempt's output folder into the blob store, and their manifest beside them.
import type { BlobStore } from '@baton/blob-store';
import { type FileHandle, lstat } from 'node:fs/promises';
import type { Artifacts, Collected } from '../../app/ports.ts';
import { type InnerLink, resolveLinks } from '../../domain/inner-links.ts';
import type { AttemptKey } from '../../domain/journal.ts';
import type { StatePaths } from './attempt-paths.ts';
import { LeftOut } from './left-out.ts';
import { MAX_FILES, putManifest, tooManyFiles } from './put-manifest.ts';
import { factsOf, isUnchanged, storeFile, type StoredContent, Unreadable } from './store-file.ts';
import { type Oddity, type TreeVisitor, walkTree } from './tree-walk.ts';

/** What a job has brought about itself; anything else may pass, so the folder must stay. */
const OWN_DOING = new Set(['EACCES', 'EPERM']);

export class ArtifactCollector implements Artifacts {
  readonly #paths: StatePaths;
  readonly #blobs: BlobStore;

  constructor(paths: StatePaths, blobs: BlobStore) {
    this.#paths = paths;
    this.#blobs = blobs;
  }

  async collect(key: AttemptKey): Promise<Collected> {
    const { output } = this.#paths.attempt(key);
    const collection = new Collection(this.#blobs);
    const isThere = await walkTree(output, collection);
    if (!isThere && (await exists(output))) collection.left.add('BATON_OUTPUT_DIR', 'it is no folder any more');
    const resolved = resolveLinks(collection.files, collection.links, output);
    for (const path of resolved.left) collection.left.add(path, LINK);
    const files = [...collection.files, ...resolved.files];
    const { complete } = collection;
    const notes = [
      collection.left.sentence('Not taken as artifacts'),
      collection.changed.sentence('Still written to while they were stored'),
    ];
    const note = notes.filter((one) => one !== null).join(' ') || null;
    if (files.length === 0) return { artifacts: null, note, complete };
    return { artifacts: await putManifest(this.#blobs, files), note, complete };
  }
}

const LINK = 'a link that leads to none of them is not followed';
const ODD: Readonly<Record<Exclude<Oddity, 'vanished'>, string>> = {
  special: 'it is no regular file',
  name: 'its path is not UTF-8, holds a backslash or is too long',
  unreadable: 'it could not be read',
  foreign: 'a hard link to a file of somebody else',
};

class Collection implements TreeVisitor {
  readonly files = new Map<string, StoredContent>();
  readonly links: InnerLink[] = [];
  readonly left = new LeftOut();
  readonly changed = new LeftOut();
  complete = true;
  readonly #blobs: BlobStore;
  readonly #known = new Set<string>();
  /** Several names of one file are read once. */
  readonly #linked = new Map<string, Promise<StoredContent>>();

  constructor(blobs: BlobStore) {
    this.#blobs = blobs;
  }

  async file(path: string, handle: FileHandle): Promise<void> {
    if (this.files.size + this.links.length >= MAX_FILES) throw tooManyFiles();
    const before = factsOf(handle);
    try {
      const store = () => storeFile(this.#blobs, handle, before, { known: this.#known });
      this.files.set(
        path,
        before.links > 1n ? await this.#once(`${before.device}:${before.inode}`, store) : await store(),
      );
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      return this.odd(path, 'unreadable', (error.cause as NodeJS.ErrnoException).code);
    }
    if (!isUnchanged(before, factsOf(handle))) this.changed.add(path, 'each is taken as long as it was before');
  }

  link(path: string, target: string): void {
    if (this.files.size + this.links.length >= MAX_FILES) throw tooManyFiles();
    this.links.push({ path, target });
  }

  odd(path: string, oddity: Oddity, code = ''): void {
    // Deleted by the one whose it is.
    if (oddity === 'vanished') return;
    if (oddity === 'unreadable' && !OWN_DOING.has(code)) this.complete = false;
    this.left.add(path, ODD[oddity]);
  }

  #once(key: string, store: () => Promise<StoredContent>): Promise<StoredContent> {
    const running = this.#linked.get(key) ?? store();
    this.#linked.set(key, running);
    return running;
  }
}

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null)) !== null;
}
