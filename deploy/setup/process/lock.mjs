// A lock file holding its owner's process id, so that two runs never install the same thing at once.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { locksFolder } from '../paths.mjs';
import { interruption } from './interruption.mjs';
import { say } from './progress.mjs';

const retryMs = 200;

function readOwner(lock) {
  try {
    return Number(readFileSync(lock, 'utf8'));
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

// Linking a finished file is atomic: a lock is never seen without its owner.
function tryLock(lock) {
  const own = `${lock}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, lock);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(own);
  }
}

// Another run may replace the dead lock between the look and the rename: then the live one goes back.
function removeDead(lock, deadOwner) {
  const aside = `${lock}.dead.${process.pid}`;
  try {
    renameSync(lock, aside);
  } catch {
    return;
  }
  if (readOwner(aside) === deadOwner) rmSync(aside);
  else renameSync(aside, lock);
}

async function acquire(lock) {
  let announced = false;
  while (!tryLock(lock)) {
    const owner = readOwner(lock);
    if (owner !== undefined && !isAlive(owner)) {
      removeDead(lock, owner);
      continue;
    }
    if (!announced && owner !== process.pid)
      say(`  ... waiting for process ${owner} to finish the same installation (${lock})`);
    announced = true;
    await sleep(retryMs, undefined, { signal: interruption });
  }
}

/** Runs `work` while holding the lock `name`; a lock whose owner is gone is taken over. */
export async function withLock(name, work) {
  mkdirSync(locksFolder, { recursive: true });
  const lock = join(locksFolder, `${name}.lock`);
  await acquire(lock);
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}
