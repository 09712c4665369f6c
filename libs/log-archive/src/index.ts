// The log as something to keep: verified, sealed, exported and imported.
export { openArchive, type Archive } from './archive/read-archive.ts';
export { importLog } from './archive/import-log.ts';
export { marksOf, writeArchive } from './archive/write-archive.ts';
export { appendHeads, linesOf, readHeads } from './heads/heads-file.ts';
export { openSealKey, readPublicKey, type SealKey } from './heads/seal-key.ts';
export { sealHead, type SealedHead } from './heads/sealed-head.ts';
export { mustHoldHeads, sealHeads } from './heads/sealer.ts';
export { type ByStream, EMPTY_MARKS, logOn } from './log-content.ts';
export { LOG_STREAMS, type LogStream } from './log-streams.ts';
export { sameMark, type StreamMark } from './rolling-hash.ts';
export type { Reducers } from './verify/reducers.ts';
export { type VerifyReport, verifyLog } from './verify/verify-log.ts';
export type {
  BackupSummary,
  CreatedBackup,
  LogAdmin,
  LogPlace,
  RepairedBlobs,
  RestoredBackup,
  VerifiedLog,
} from './admin.ts';
