// One launcher a state folder: a lock that the kernel gives up when its holder dies, however it dies.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PlatformError } from '@baton/errors/platform-error';

/** A database that nothing refers to is collected, and its lock with it. */
const held = new Set<DatabaseSync>();

/** Holds the folder until the process ends, or until the function that it gives is called. SQLite's exclusive lock is a lock of the operating system on the file. */
export function lockFolder(folder: string): () => void {
  const database = new DatabaseSync(join(folder, 'lock.db'));
  try {
    database.exec(
      'PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE IF NOT EXISTS held (pid INTEGER); COMMIT; BEGIN EXCLUSIVE;',
    );
  } catch (cause) {
    database.close();
    if (!/locked|busy/i.test(String(cause))) throw cause;
    throw new PlatformError(
      'conflict',
      `Another Baton is running on ${folder}. Stop it, or set BATON_HOME to another folder.`,
      { cause },
    );
  }
  held.add(database);
  return () => {
    held.delete(database);
    database.close();
  };
}
