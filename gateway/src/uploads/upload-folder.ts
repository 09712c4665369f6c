// Where uploads lie: the bytes of each in `<id>.bin`, what is known of it in `<id>.json` beside them.
import { syncFolder } from '@baton/blob-store';
import { constants } from 'node:fs';
import { access, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { asUploadError, noUpload } from './failure.ts';
import { readInfo, type UploadInfo, writeInfo } from './upload-info.ts';

const ID = /^[0-9a-f]{32}$/;

export class UploadFolder {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(folder: string): Promise<UploadFolder> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.W_OK);
    return new UploadFolder(folder);
  }

  contentPath(id: string): string {
    return join(this.#folder, `${id}.bin`);
  }

  /** Without a byte yet. */
  async create(info: UploadInfo): Promise<void> {
    try {
      const file = await open(this.contentPath(info.uploadId), 'wx', 0o600);
      await file.close();
      await writeInfo(this.#infoPath(info.uploadId), info);
    } catch (error) {
      throw asUploadError(error);
    }
  }

  /** Null if there is none of that id, or it can be no id. */
  async find(id: string): Promise<UploadInfo | null> {
    return ID.test(id) ? readInfo(this.#infoPath(id)) : null;
  }

  async info(id: string): Promise<UploadInfo> {
    const info = await this.find(id);
    if (!info) throw noUpload(id);
    return info;
  }

  async change(id: string, change: (info: UploadInfo) => UploadInfo): Promise<void> {
    await writeInfo(this.#infoPath(id), change(await this.info(id)));
  }

  async remove(id: string): Promise<void> {
    // The information last: without it the content would never be swept by age.
    await rm(this.contentPath(id), { force: true });
    await rm(this.#infoPath(id), { force: true });
    await syncFolder(this.#folder);
  }

  /** Of everything that lies here, whole or not. */
  async ids(): Promise<string[]> {
    const names = await readdir(this.#folder);
    return [...new Set(names.map((name) => name.split('.', 1)[0] ?? ''))].filter((id) => ID.test(id));
  }

  /** 0 if nothing is there. */
  async modifiedAt(id: string): Promise<number> {
    const times = await Promise.all([this.contentPath(id), this.#infoPath(id)].map(modifiedAt));
    return Math.max(...times);
  }

  #infoPath(id: string): string {
    return join(this.#folder, `${id}.json`);
  }
}

async function modifiedAt(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.mtimeMs ?? 0;
}
