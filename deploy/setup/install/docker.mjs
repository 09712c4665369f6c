// What tests need for a docker daemon of their own: the machine's, or Debian's packages, unpacked below the tools folder.
import { join } from 'node:path';
import { toolsFolder } from '../paths.mjs';
import { findOnPath } from '../process/executables.mjs';
import { runLogged } from '../process/logged-command.mjs';
import { SetupError } from '../setup-error.mjs';
import { hasDebianPackages } from './debian-nats-server.mjs';
import { stagedTool } from './staged-tool.mjs';

const programs = ['dockerd', 'containerd', 'runc', 'busybox'];
const packages = ['docker.io', 'containerd', 'runc', 'busybox-static'];

const download = (scratch) => runLogged('docker', 'apt-get', ['download', ...packages], { cwd: scratch });

async function downloadWithFreshLists(scratch) {
  try {
    await download(scratch);
  } catch {
    await runLogged('docker', 'apt-get', ['update'], { cwd: scratch });
    await download(scratch);
  }
}

/** The daemon is found by those who start it: on PATH, or in this folder. */
export async function installDocker() {
  if (programs.every(findOnPath)) return;
  if (process.getuid?.() !== 0)
    throw new SetupError('a docker daemon can only be started by root', 'run the tests as root');
  if (!hasDebianPackages())
    throw new SetupError(`${programs.join(', ')} are not all on PATH`, 'install docker and a static busybox');
  await stagedTool(join(toolsFolder, 'docker-debian'), "docker: Debian's packages", async (scratch) => {
    await downloadWithFreshLists(scratch);
    const unpack = 'mkdir root && for package in *.deb; do dpkg-deb -x "$package" root || exit 1; done';
    await runLogged('docker', 'sh', ['-c', unpack], { cwd: scratch });
    return join(scratch, 'root');
  });
}
