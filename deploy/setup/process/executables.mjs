// Finding commands on PATH and asking them for their version.
import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { parseVersion } from '../versions.mjs';

// Under `npm run` the workspace's own commands come first on PATH; installers must not depend on what they replace.
const isMachineFolder = (folder) => folder !== '' && !folder.includes('node_modules');

export const machinePath = () => (process.env.PATH ?? '').split(delimiter).filter(isMachineFolder).join(delimiter);

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The absolute path of a command that the machine (not the workspace) has, or undefined. */
export const findOnPath = (name) =>
  machinePath()
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable);

/** The version that `command args` prints, or undefined when it can't run or prints none. */
export const versionOf = (command, args = ['--version']) =>
  new Promise((resolve) => {
    execFile(command, args, { timeout: 10_000 }, (error, stdout, stderr) => {
      resolve(error ? undefined : parseVersion(stdout || stderr));
    });
  });
