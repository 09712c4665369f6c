// Folders that survive a power cut: made, and synced into their parents.
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemCode } from '../failure.ts';

/** Makes the entries of `folder` durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes `folder` and what is missing above it, durably. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  for (let made = folder; made !== dirname(first); made = dirname(made)) await syncFolder(dirname(made));
}

/** The two levels of folders for blobs, each made and synced once a process: one that exists may be another writer's, not synced yet. */
export class BlobFolders {
  readonly #known = new Set<string>();

  /** Makes the first level, all 256: a new blob then has one folder less to sync. */
  static async open(root: string): Promise<BlobFolders> {
    for (let byte = 0; byte < 256; byte += 1) {
      await mkdir(join(root, byte.toString(16).padStart(2, '0')), { recursive: true });
    }
    await syncFolder(root);
    return new BlobFolders();
  }

  async make(folder: string): Promise<void> {
    if (this.#known.has(folder)) return;
    // Not `recursive`: that hides a read-only disk's error behind ENOENT.
    await mkdir(folder).catch(unlessThere);
    await syncFolder(dirname(folder));
    this.#known.add(folder);
  }
}

function unlessThere(error: unknown): void {
  if (systemCode(error) !== 'EEXIST') throw error;
}
