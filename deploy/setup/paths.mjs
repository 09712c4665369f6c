// Where the installed tools, their logs and the workspace's commands lie.
import { join } from 'node:path';
import { repositoryRoot } from '../workspace/workspaces.mjs';

export const root = repositoryRoot;
export const setupFolder = join(root, 'deploy/setup');
export const toolsFolder = process.env.BATON_TOOLS ?? join(root, '.tools');
export const logsFolder = join(toolsFolder, 'logs');
export const locksFolder = join(toolsFolder, 'locks');

/** A finished single-file tool; its name carries the version, so that being there means being right. */
export const toolBinary = (name) => join(toolsFolder, 'bin', name);

/** A command of an installed npm package. */
export const packageCommand = (name) => join(root, 'node_modules/.bin', name);
