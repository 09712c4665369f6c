// A docker daemon of a test's own: with its own containerd, state and socket, and nothing of the machine's network touched.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rm, symlink } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { killNow, processesOf } from './folder-processes.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { toolsNamed } from './tools.ts';

export interface Dockerd {
  readonly socket: string;
  /** An image `name` of one layer, by `docker import`: busybox alone, with its commands in /bin. `shell: false`: no /bin/sh. */
  importBusybox(name: string, options?: { readonly shell?: boolean }): Promise<void>;
  /** The tar that an image is made of. */
  busyboxTar(): Promise<string>;
  /** SIGKILL to the daemon, as after a crash: containers go on. */
  kill(): Promise<void>;
  /** Again after `kill` or as it is, on the same state. Without live-restore it ends the containers that it finds. */
  start(): Promise<void>;
  /** Ends all containers, the daemon and its containerd, and removes what they made. */
  stop(): Promise<void>;
}

/** Where a PATH of a user other than root does not lead. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin', '/usr/bin', '/bin'];
const READY_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 15_000;
const RETRY_MS = 50;
const LOG_LINES = 15;
/** elf(5). */
const PT_INTERP = 3;
const run = promisify(execFile);

/** null if nothing is. */
function whatIsMissing(): string | null {
  if (process.getuid?.() !== 0) return 'a docker daemon can only be started by root';
  const lacking = ['dockerd', 'containerd', 'runc', 'busybox'].filter((name) => findProgram(name) === null);
  if (lacking.length === 0) return null;
  return `${lacking.join(', ')} can't be found: install Debian's packages docker.io and busybox-static`;
}

/** Or what is missing for it, in words for a skipped test. */
export async function startDockerd(): Promise<Dockerd | string> {
  const missing = whatIsMissing();
  if (missing !== null) return missing;
  const folder = await temporaryFolder('baton-docker-');
  const server = new DockerServer(folder.path);
  const stop = async (): Promise<void> => {
    await server.stop();
    await folder.cleanup();
  };
  try {
    await server.start();
  } catch (error) {
    await stop();
    return (error as Error).message;
  }
  return {
    socket: server.socket,
    importBusybox: (name, { shell = true } = {}) => server.importBusybox(name, shell),
    busyboxTar: () => server.busyboxTar(true),
    kill: () => server.kill(),
    start: () => server.start(),
    stop,
  };
}

class DockerServer {
  readonly socket: string;
  readonly #folder: string;
  #child: ChildProcess | null = null;

  constructor(folder: string) {
    this.#folder = folder;
    this.socket = join(folder, 'docker.sock');
  }

  async start(): Promise<void> {
    const log = join(this.#folder, 'log');
    const at = (name: string) => join(this.#folder, name);
    const state = ['--data-root', at('data'), '--exec-root', at('exec'), '--pidfile', at('pid')];
    const reach = ['--host', `unix://${this.socket}`, '--iptables=false', '--ip6tables=false', '--bridge=none'];
    const argv = [...state, ...reach, '--storage-driver=vfs'];
    // A daemon that was killed has left these.
    await Promise.all(
      [at('pid'), this.socket, at('exec/containerd/containerd.pid')].map((path) => rm(path, { force: true })),
    );
    const shell = `exec "$0" "$@" >>${log} 2>&1`;
    const child = spawn('/bin/sh', ['-c', shell, program('dockerd'), ...argv], {
      stdio: 'ignore',
      env: { ...process.env, PATH: searchFolders().join(delimiter) },
    });
    this.#child = child;
    killWithUs(child, this.#folder);
    const deadline = performance.now() + READY_WITHIN_MS;
    while (!(await answers(this.socket))) {
      if (child.exitCode !== null || performance.now() > deadline)
        throw new Error(`dockerd did not start:\n${await lastLines(log)}`);
      await sleep(RETRY_MS);
    }
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
    // It goes with its daemon, a moment later: until then a new one could not have its files.
    const left = () => processesOf(this.#folder).filter(({ command }) => command.includes('containerd --config'));
    for (let found = left(); found.length > 0; found = left()) {
      for (const { pid } of found) killNow(pid);
      await sleep(RETRY_MS);
    }
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    // Containers of a daemon that was killed, their shims, and a containerd that it left.
    for (const { pid } of processesOf(this.#folder)) killNow(pid);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    await ended;
    clearTimeout(timer);
  }

  async importBusybox(name: string, hasShell: boolean): Promise<void> {
    const tar = await readFile(await this.busyboxTar(hasShell));
    const [repo = '', tag = 'latest'] = name.split(':');
    const path = `/images/create?fromSrc=-&repo=${encodeURIComponent(repo)}&tag=${tag}`;
    const { status, text } = await post(this.socket, path, tar);
    if (status !== 200 || text.includes('"error"')) throw new Error(`docker import failed: ${text}`);
  }

  async busyboxTar(hasShell: boolean): Promise<string> {
    const name = hasShell ? 'busybox' : 'no-shell';
    const tar = join(this.#folder, `${name}.tar`);
    if (existsSync(tar)) return tar;
    const root = join(this.#folder, name);
    await mkdir(join(root, 'bin'), { recursive: true });
    const busybox = program('busybox');
    await run('cp', ['-L', busybox, join(root, 'bin/busybox')]);
    const { stdout } = await run(busybox, ['--list']);
    const commands = stdout.split('\n').filter((one) => one !== '' && one !== 'busybox' && (hasShell || one !== 'sh'));
    for (const command of commands) await symlink('busybox', join(root, 'bin', command));
    await run('tar', ['-C', root, '-cf', tar, '.']);
    return tar;
  }
}

/** The folders that a test's own PATH names, the setup's tools, and the system's. */
function searchFolders(): string[] {
  return [...(process.env['PATH'] ?? '').split(delimiter), ...toolFolders(), ...SYSTEM_FOLDERS];
}

/** What the setup has unpacked from Debian's packages. */
function toolFolders(): string[] {
  return toolsNamed('docker-').flatMap((root) => ['usr/sbin', 'usr/bin', 'bin'].map((folder) => join(root, folder)));
}

function findProgram(name: string): string | null {
  const candidates = searchFolders().map((folder) => join(folder, name));
  return candidates.find((path) => isExecutable(path) && (name !== 'busybox' || isStatic(path))) ?? null;
}

/** An ELF file without an interpreter among its program headers: it runs in an image that holds nothing else. */
function isStatic(path: string): boolean {
  const file = readFileSync(path);
  const [start, size, count] = [Number(file.readBigUInt64LE(0x20)), file.readUInt16LE(0x36), file.readUInt16LE(0x38)];
  const types = Array.from({ length: count }, (_, index) => file.readUInt32LE(start + index * size));
  return !types.includes(PT_INTERP);
}

function program(name: string): string {
  const found = findProgram(name);
  if (found === null) throw new Error(`${name} can't be found.`);
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A shell that waits for the end of a pipe from us sees it however we end, and then ends all that names the folder. */
function killWithUs(child: ChildProcess, folder: string): void {
  const script = `cat >/dev/null; kill -9 ${child.pid}; for p in /proc/[0-9]*; do grep -qa "${folder}" $p/cmdline 2>/dev/null && [ "\${p#/proc/}" != $$ ] && kill -9 "\${p#/proc/}"; done`;
  const watcher = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  watcher.unref();
  child.once('exit', () => watcher.kill('SIGKILL'));
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ socketPath, path: '/_ping' }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.once('error', () => resolve(false));
    asked.end();
  });
}

async function post(socketPath: string, path: string, body: Buffer): Promise<{ status: number; text: string }> {
  const asked = request({ socketPath, path, method: 'POST', headers: { 'content-type': 'application/x-tar' } });
  asked.end(body);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode ?? 0, text };
}

async function lastLines(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-LOG_LINES).join('\n');
}
