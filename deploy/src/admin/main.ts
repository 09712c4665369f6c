// What the `baton` command loads for the commands that work on a state folder.
import type { LogAdmin } from '@baton/log-archive';
import { readSets, summaryOf } from './backup/backup-set.ts';
import { createBackup } from './backup/create.ts';
import { repairBlobs } from './backup/repair.ts';
import { restoreBackup } from './backup/restore.ts';
import { exportPlace, importPlace, verifyPlace } from './logs.ts';

export const admin: LogAdmin = {
  verifyLog: (place) => verifyPlace(place, process.env),
  exportLog: (home, file) => exportPlace(home, file, process.env),
  importLog: (home, file) => importPlace(home, file, process.env),
  createBackup: (home, folder) => createBackup(home, folder, process.env),
  restoreBackup: (folder, home, id) =>
    restoreBackup({ folder, home, ...(id === undefined ? {} : { id }) }, process.env),
  repairBlobs,
  listBackups: async (folder) => (await readSets(folder)).map(summaryOf),
};
