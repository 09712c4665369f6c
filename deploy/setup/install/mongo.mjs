// A server that speaks MongoDB's wire protocol, for the read store's tests: mongod on PATH, or FerretDB built over SQLite.
import { join } from 'node:path';
import { setupFolder, toolBinary } from '../paths.mjs';
import { findOnPath } from '../process/executables.mjs';
import { runLogged } from '../process/logged-command.mjs';
import { installGo } from './go.mjs';
import { stagedTool } from './staged-tool.mjs';
import { hashOf } from './stamp.mjs';

const source = join(setupFolder, 'ferretdb');
const sourceHash = () => hashOf(['main.go', 'go.mod', 'go.sum'].map((name) => join(source, name))).slice(0, 12);

function buildFerretDb() {
  return stagedTool(toolBinary(`ferretdb-${sourceHash()}`), 'FerretDB: go build', async (scratch) => {
    const binary = join(scratch, 'ferretdb');
    await runLogged('ferretdb', await installGo(), ['build', '-ldflags=-s -w', '-o', binary, '.'], {
      cwd: source,
      env: { CGO_ENABLED: '0' },
    });
    return binary;
  });
}

/** Resolves to `{ kind, command }`; both kinds understand `--port` and `--dbpath`, and stop on SIGTERM. */
export async function installMongo() {
  const mongod = findOnPath('mongod');
  if (mongod) return { kind: 'mongod', command: mongod };
  return { kind: 'ferretdb', command: await buildFerretDb() };
}
