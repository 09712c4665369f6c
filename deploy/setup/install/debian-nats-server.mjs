// Debian's nats-server, unpacked below the tools folder: too old to acknowledge only what is on disk.
import { join } from 'node:path';
import { toolBinary } from '../paths.mjs';
import { findOnPath } from '../process/executables.mjs';
import { runLogged } from '../process/logged-command.mjs';
import { stagedTool } from './staged-tool.mjs';

const download = (scratch) => runLogged('nats-server', 'apt-get', ['download', 'nats-server'], { cwd: scratch });

async function downloadWithFreshLists(scratch) {
  try {
    await download(scratch);
  } catch (error) {
    if (process.getuid?.() !== 0) throw error;
    await runLogged('nats-server', 'apt-get', ['update'], { cwd: scratch });
    await download(scratch);
  }
}

export const debianNatsServer = toolBinary('nats-server-debian');

/** Whether this machine has Debian's package tools. */
export const hasDebianPackages = () => Boolean(findOnPath('apt-get') && findOnPath('dpkg-deb'));

export const installDebianNatsServer = () =>
  stagedTool(debianNatsServer, "nats-server: Debian's package", async (scratch) => {
    await downloadWithFreshLists(scratch);
    await runLogged('nats-server', 'sh', ['-c', 'dpkg-deb -x nats-server_*.deb .'], { cwd: scratch });
    return join(scratch, 'usr/sbin/nats-server');
  });
