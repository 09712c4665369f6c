// The control groups that a killed agent could not remove.
import { readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

/** Removes the empty groups of a node's agent, wherever in the hierarchies they stand. */
export function removeControlGroups(nodeId: string): void {
  for (const mount of controlGroupMounts()) {
    for (const found of foldersNamed(mount, `baton-${nodeId}`)) removeEmpty(found);
  }
}

function controlGroupMounts(): string[] {
  const lines = readFileSync('/proc/mounts', 'utf8').split('\n');
  return lines.flatMap((line) => {
    const [, path = '', type] = line.split(' ');
    return type === 'cgroup' || type === 'cgroup2' ? [path] : [];
  });
}

function foldersNamed(folder: string, name: string): string[] {
  return foldersIn(folder).flatMap((path) => (path.endsWith(`/${name}`) ? [path] : foldersNamed(path, name)));
}

function removeEmpty(folder: string): void {
  for (const path of foldersIn(folder)) removeEmpty(path);
  try {
    rmdirSync(folder);
  } catch {
    // Something is in it still.
  }
}

function foldersIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.flatMap((entry) => (entry.isDirectory() ? [join(folder, entry.name)] : []));
  } catch {
    return []; // It has just gone.
  }
}
