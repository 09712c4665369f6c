// The workspace's npm packages, the Node that runs everything else among them.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listWorkspaces } from '../../workspace/workspaces.mjs';
import { packageCommand, root } from '../paths.mjs';
import { findOnPath, versionOf } from '../process/executables.mjs';
import { withLock } from '../process/lock.mjs';
import { runLogged } from '../process/logged-command.mjs';
import { withProgress } from '../process/progress.mjs';
import { SetupError } from '../setup-error.mjs';
import { isAtLeast } from '../versions.mjs';
import { hashOf, hasStamp, writeStamp } from './stamp.mjs';

const packages = join(root, 'node_modules');
const stampFile = join(packages, '.baton-stamp');
const unfinishedMark = join(packages, '.baton-unfinished');
const npmRecord = join(packages, '.package-lock.json');

// onnxruntime-node's script would download CUDA libraries; the others only print advertisements.
const quietScripts = { ONNXRUNTIME_NODE_INSTALL: 'skip', ADBLOCK: '1', DISABLE_OPENCOLLECTIVE: '1' };

// `npm ci` refuses a lock file in which the registry's missing optional packages are missing too; this keeps to the same
// locked versions, and --no-save leaves the lock file alone.
const npmArguments = ['install', '--no-save', '--include=dev', '--no-audit', '--no-fund'];

const workspaceFolders = () => listWorkspaces().map(({ folder }) => join(root, folder));

const currentStamp = () =>
  hashOf(
    [root, ...workspaceFolders()].map((folder) => join(folder, 'package.json')).concat(join(root, 'package-lock.json')),
  );

const isInstalled = () => hasStamp(stampFile, currentStamp()) && existsSync(packageCommand('node'));

// npm takes a half-extracted package for a whole one, so what an interrupted installation left is removed first.
function removeUnfinished() {
  if (existsSync(npmRecord) && !existsSync(unfinishedMark)) return;
  for (const folder of [root, ...workspaceFolders()])
    rmSync(join(folder, 'node_modules'), { recursive: true, force: true });
}

async function runNpm() {
  const npm = findOnPath('npm');
  if (!npm)
    throw new SetupError('npm is not on PATH', 'install Node 20 or newer together with npm (https://nodejs.org)');
  removeUnfinished();
  mkdirSync(packages, { recursive: true });
  writeFileSync(unfinishedMark, '');
  await runLogged('npm', npm, npmArguments, { env: quietScripts });
}

async function checkNode() {
  const version = await versionOf(packageCommand('node'));
  if (version && isAtLeast(version, [24])) return;
  throw new SetupError(
    `node_modules/.bin/node is ${version?.join('.') ?? 'missing'}, not 24`,
    'see that npm may run install scripts (npm config get ignore-scripts), delete node_modules, and run again',
  );
}

async function install() {
  if (isInstalled()) return;
  await withProgress('npm packages: npm install', runNpm);
  await checkNode();
  rmSync(unfinishedMark);
  writeStamp(stampFile, currentStamp());
}

export async function installNpmPackages() {
  if (!isInstalled()) await withLock('npm', install);
}
