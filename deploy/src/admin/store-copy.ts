// A copy of the log's streams to look at: a server that opens a store may mend it, and the original stays as it is.
import { constants, cp, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PlatformError } from '@baton/errors';
import { LOG_STREAMS } from '@baton/log-archive';

export interface StoreCopy {
  readonly folder: string;
  remove(): Promise<void>;
}

/** Beside the store, so that a file system that can copies without taking space. */
export async function copyStore(store: string): Promise<StoreCopy> {
  const streams = await streamsFolder(store);
  const folder = await mkdtemp(join(dirname(store), '.log-copy-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    for (const name of LOG_STREAMS) {
      const from = join(streams, name);
      const isThere = await stat(from).catch(() => null);
      if (isThere === null) continue;
      const to = join(folder, 'jetstream', '$G', 'streams', name);
      const wanted = (path: string) => !path.startsWith(join(from, 'obs'));
      await cp(from, to, { recursive: true, mode: constants.COPYFILE_FICLONE, filter: wanted });
    }
    return { folder, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Of a JetStream folder, or of the folder `jetstream` in it. */
async function streamsFolder(store: string): Promise<string> {
  for (const candidate of [join(store, 'jetstream'), store]) {
    const path = join(candidate, '$G', 'streams');
    const names: readonly string[] = await readdir(path).catch(() => []);
    if (names.some((name) => (LOG_STREAMS as readonly string[]).includes(name))) return path;
  }
  throw new PlatformError('not_found', `${store} holds no log: it should have jetstream/$G/streams/EVENTS in it.`);
}
