// `baton backup ...`.
import { noun } from '../../verb.ts';
import { createBackup } from './create.ts';
import { listBackups } from './list.ts';
import { repairBlobs } from './repair.ts';
import { restoreBackup } from './restore.ts';

export const backup = () =>
  noun('backup', 'copies of this installation, kept beside it', [
    createBackup(),
    restoreBackup(),
    repairBlobs(),
    listBackups(),
  ]);
