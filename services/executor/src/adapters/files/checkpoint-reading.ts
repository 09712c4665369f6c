// One pass over a checkpoint folder: what is in each file, or, without a store, only what files there are.
import type { BlobStore } from '@baton/blob-store';
import type { FileHandle } from 'node:fs/promises';
import type { WhileRunning } from '../../app/checkpoints.ts';
import { isUnfinished } from '../../domain/checkpoint-lineage.ts';
import type { InnerLink } from '../../domain/inner-links.ts';
import { MAX_FILES, tooManyFiles } from './put-manifest.ts';
import { factsOf, type FileFacts, isSameFile, isUnchanged, storeFile, type StoredContent } from './store-file.ts';
import type { Oddity, TreeVisitor } from './tree-walk.ts';

/** By path: what the file was like when it was read, and what was in it. */
export type Reading = Map<string, { readonly facts: FileFacts; readonly content: StoredContent }>;

export class CheckpointReading implements TreeVisitor {
  readonly read: Reading = new Map();
  readonly links: InnerLink[] = [];
  readonly facts = new Map<string, FileFacts>();
  /** Something came or went meanwhile. */
  moved = false;
  readonly #blobs: BlobStore | null;
  readonly #last: Reading;
  readonly #running: WhileRunning | undefined;

  constructor(blobs: BlobStore | null, last: Reading, running?: WhileRunning) {
    this.#blobs = blobs;
    this.#last = last;
    this.#running = running;
  }

  skip(name: string): boolean {
    return isUnfinished(name);
  }

  async file(path: string, handle: FileHandle): Promise<void> {
    if (this.facts.size >= MAX_FILES) throw tooManyFiles();
    this.#running?.signal.throwIfAborted();
    const facts = factsOf(handle);
    this.facts.set(path, facts);
    if (this.#blobs === null) return;
    const last = this.#last.get(path);
    const content =
      last && isUnchanged(last.facts, facts)
        ? last.content
        : await storeFile(this.#blobs, handle, facts, { running: this.#running });
    this.read.set(path, { facts, content });
  }

  link(path: string, target: string): void {
    if (this.links.length >= MAX_FILES) throw tooManyFiles();
    this.links.push({ path, target });
  }

  odd(_path: string, oddity: Oddity): void {
    if (oddity === 'vanished') this.moved = true;
  }

  /** Files that were written to between this pass and a later one. */
  changedUntil(later: CheckpointReading): string[] {
    return [...this.facts].flatMap(([path, facts]) => {
      const now = later.facts.get(path);
      return now && isUnchanged(facts, now) ? [] : [path];
    });
  }
}

/** The same files under the same names, and the same links: a job that renames one over another has moved on meanwhile. */
export function standsStill(first: CheckpointReading, later: CheckpointReading): boolean {
  if (first.moved || later.moved || first.facts.size !== later.facts.size) return false;
  const sameFiles = [...first.facts].every(([path, facts]) => {
    const now = later.facts.get(path);
    return now !== undefined && isSameFile(facts, now);
  });
  return sameFiles && linksOf(first) === linksOf(later);
}

function linksOf({ links }: CheckpointReading): string {
  const texts = links.map(({ path, target }) => JSON.stringify([path, target]));
  return texts.toSorted().join();
}
