// Stamps: the hash of everything that an installation was made from, written when it is complete.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** One hash over this platform and the contents of `files`; a missing file counts as such. */
export function hashOf(files) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  for (const file of files) hash.update(`\n${file}\n`).update(existsSync(file) ? readFileSync(file) : 'missing');
  return hash.digest('hex');
}

export const hasStamp = (file, stamp) => existsSync(file) && readFileSync(file, 'utf8') === stamp;

export function writeStamp(file, stamp) {
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, stamp);
  renameSync(temporary, file);
}
