// Writes every workspace's tsconfig.build.json from its package.json, so that project references never drift; --check only compares.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { listWorkspaces, repositoryRoot } from './workspaces.mjs';

// `tsconfig.json` is for checks and editors: everything in one program.
const BUILD = 'tsconfig.build.json';

const internalDependencies = ({ dependencies, devDependencies }, folderOf) =>
  Object.keys({ ...dependencies, ...devDependencies })
    .filter((name) => folderOf.has(name))
    .toSorted();

function workspaceConfig({ folder, manifest }, folderOf) {
  return {
    extends: relative(folder, 'tsconfig.base.json'),
    compilerOptions: {
      rootDir: 'src',
      outDir: 'dist',
      tsBuildInfoFile: 'dist/tsconfig.tsbuildinfo',
      ...manifest.baton?.compilerOptions,
    },
    include: ['src'],
    references: internalDependencies(manifest, folderOf).map((name) => ({
      path: `${relative(folder, folderOf.get(name))}/${BUILD}`,
    })),
  };
}

/** The text of every generated file, by path relative to `root`. */
function generateConfigs(root) {
  const workspaces = listWorkspaces(root);
  const folderOf = new Map(workspaces.map(({ folder, manifest }) => [manifest.name, folder]));
  const configs = workspaces.map((workspace) => [`${workspace.folder}/${BUILD}`, workspaceConfig(workspace, folderOf)]);
  const references = workspaces.map(({ folder }) => ({ path: `${folder}/${BUILD}` }));
  configs.push([BUILD, { files: [], references }]);
  return new Map(configs.map(([path, config]) => [path, `${JSON.stringify(config, null, 2)}\n`]));
}

const current = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : '');
const outdated = [...generateConfigs(repositoryRoot)].filter(
  ([path, text]) => current(join(repositoryRoot, path)) !== text,
);

if (!process.argv.includes('--check')) {
  for (const [path, text] of outdated) writeFileSync(join(repositoryRoot, path), text);
} else if (outdated.length > 0) {
  console.error(`Out of date: ${outdated.map(([path]) => path).join(', ')}`);
  console.error('Run: node deploy/workspace/references.mjs');
  process.exitCode = 1;
}
