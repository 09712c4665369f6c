// What an administrator can do with a log, whoever offers it: the command line asks, the platform's own code does it.
import type { VerifyReport } from './verify/verify-log.ts';

/** Which log: that of a state folder, running or not; or a copied JetStream folder; or an export. One of them. */
export interface LogPlace {
  readonly home: string;
  readonly store?: string;
  readonly archive?: string;
  /** File of sealed heads; that of the state folder if absent. */
  readonly heads?: string;
  /** PEM file of the key that the heads must be signed with; that of the state folder if absent. */
  readonly publicKey?: string;
}

export interface VerifiedLog extends VerifyReport {
  readonly source: string;
  /** Lines of the file of heads that are none. */
  readonly badHeadLines: readonly number[];
}

export interface BackupSummary {
  readonly id: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly installationId: string;
  readonly commits: number;
  readonly blobs: number;
  readonly blobBytes: number;
}

export interface CreatedBackup extends BackupSummary {
  readonly newCommits: number;
  readonly newBlobs: number;
  readonly newBlobBytes: number;
  /** Blobs that are not what their name says: they are not in the backup. */
  readonly damagedBlobs: readonly string[];
}

export interface RestoredBackup extends BackupSummary {
  readonly home: string;
  /** Blobs that the backup names and does not have, or whose content is another. */
  readonly missingBlobs: readonly string[];
}

export interface RepairedBlobs {
  /** So many were read. */
  readonly blobs: number;
  /** SHA-256 of those that were damaged, and are not any more. */
  readonly repaired: readonly string[];
  /** Those that still are: the backups have no good copy of them. */
  readonly unrepaired: readonly string[];
}

export interface LogAdmin {
  verifyLog(place: LogPlace): Promise<VerifiedLog>;
  exportLog(home: string, file: string): Promise<VerifyReport>;
  importLog(home: string, file: string): Promise<VerifyReport>;
  createBackup(home: string, folder: string): Promise<CreatedBackup>;
  /** The newest if none is named. */
  restoreBackup(folder: string, home: string, id?: string): Promise<RestoredBackup>;
  /** Blobs that are not what their name says are put back from a folder of backups. */
  repairBlobs(home: string, folder: string): Promise<RepairedBlobs>;
  listBackups(folder: string): Promise<BackupSummary[]>;
}
