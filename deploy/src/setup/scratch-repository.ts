// A temporary repository with the real installer and fake tools, for tests that watch the installer from outside.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const deployFolder = join(import.meta.dirname, '../..');

const fakeNpm = `
import { appendFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
mkdirSync('node_modules/.bin', { recursive: true });
mkdirSync('node_modules/typescript/bin', { recursive: true });
appendFileSync('npm-calls', process.argv.slice(2).join(' ') + '\\n');
rmSync('node_modules/.bin/node', { force: true });
symlinkSync(process.execPath, 'node_modules/.bin/node');
writeFileSync('node_modules/typescript/bin/tsc', '');
writeFileSync('node_modules/.package-lock.json', '{}');
`;

const fakeGo = `
import { writeFileSync } from 'node:fs';
if (process.argv[2] === 'version') console.log('go version go1.26.8 linux/amd64');
else writeFileSync(process.env.GOBIN + '/nats-server', 'built');
`;

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class ScratchRepository {
  /** Where releases of nats-server are looked for: nobody answers there. */
  releases = 'http://127.0.0.1:9';

  readonly folder = mkdtempSync(join(tmpdir(), 'baton-setup-'));

  constructor() {
    for (const part of ['setup', 'workspace']) {
      cpSync(join(deployFolder, part), join(this.folder, 'deploy', part), { recursive: true });
    }
    this.write('deploy/workspace/bundle.mjs', '');
    this.write('package.json', JSON.stringify({ type: 'module', workspaces: [] }));
    this.write('deploy/dist/bundle/launcher.js', 'console.log(process.env.BATON_NATS_SERVER);');
    this.addTool('npm', fakeNpm);
    this.addTool('go', fakeGo);
  }

  write(path: string, text: string): void {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8');
  }

  addTool(name: string, script: string): void {
    this.write(`bin/${name}`, `#!${process.execPath}\n${script}`);
    chmodSync(join(this.folder, 'bin', name), 0o755);
  }

  addNatsServer(version: string): void {
    this.addTool('nats-server', `console.log('nats-server: v${version}');`);
  }

  /** As the installer leaves it, so that it is not installed again. */
  addPython(): void {
    this.write('.tools/python/bin/python', '');
    const { href } = pathToFileURL(join(this.folder, 'deploy/setup/install/stamp.mjs'));
    const stamp = `(await import('${href}')).hashOf(['${join(this.folder, 'deploy/setup/requirements.txt')}'])`;
    const code = `process.stdout.write(${stamp})`;
    const found = execFileSync(process.execPath, ['--input-type=module', '--eval', code], { encoding: 'utf8' });
    this.write('.tools/python/.baton-stamp', found);
  }

  /** Makes an archive as nats-server's project does, and has the installer know its checksum. */
  releaseNatsServer(version: string): Buffer {
    const architecture = process.arch === 'x64' ? 'amd64' : 'arm64';
    const name = `nats-server-v${version}-linux-${architecture}`;
    this.write(`release/${name}/nats-server`, 'released');
    const archive = execFileSync('tar', ['-czC', join(this.folder, 'release'), name]);
    const sha256 = { [architecture]: createHash('sha256').update(archive).digest('hex') };
    this.write('deploy/setup/install/nats-server-release.json', JSON.stringify({ version, sha256 }));
    for (const tool of ['tar', 'gzip']) {
      const path = join(this.folder, 'bin', tool);
      if (!existsSync(path)) symlinkSync(`/bin/${tool}`, path);
    }
    return archive;
  }

  start(task: string): ChildProcess {
    return spawn(process.execPath, [join(this.folder, 'deploy/setup/run.mjs'), task], {
      env: { PATH: join(this.folder, 'bin'), BATON_NATS_RELEASES: this.releases },
      detached: true,
    });
  }

  run(task: string): Promise<Finished> {
    return finished(this.start(task));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Waits for the end of a process, collecting what it prints. */
export function finished(child: ChildProcess): Promise<Finished> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
}
