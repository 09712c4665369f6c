// A server's disk of which the power can be cut: a file system that then loses what no fsync has covered (../power-cut, in Go). It can
// become read-only too.
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { killProcessesOf } from './folder-processes.ts';
import { goToolchains, REPOSITORY } from './tools.ts';

export interface PowerCutDisk {
  readonly path: string;
  /** What a program is started with, words before its own: it then sees another boot id after each cut, as after any boot. */
  readonly booted: readonly string[];
  /**
   * Nothing that is written from now on counts, whoever has to do with the folder is killed, and what no fsync has covered is gone;
   * with a seed (a whole number) a part of it is there, as when the disk had got it by itself. Gives how many were killed.
   */
  cut(seed?: number): Promise<number>;
  /** As a kernel makes a disk read-only that has failed: at once, also for those who have files open for writing. */
  makeReadOnly(): Promise<void>;
  makeWritable(): Promise<void>;
  /** Kills who has to do with it. */
  destroy(): Promise<void>;
}

export interface PowerCutDiskOptions {
  /**
   * `posix`: a name is durable with an fsync of its folder. `journaled`: with the next fsync of anything, as on ext4 and XFS.
   * Contents are with an fsync of their file, on both.
   */
  readonly names: 'posix' | 'journaled';
  /** Where its contents lie, and its program; a folder beside the disk if absent. */
  readonly below?: string;
}

const PROGRAM = join(REPOSITORY, 'libs', 'testkit', 'power-cut');
const BUILD_MS = 240_000;

/** Null where there can't be one, and why: that takes root, /dev/fuse, and Go with the module go-fuse. */
export async function powerCutDisk(
  path: string,
  { names, below = join(dirname(path), `below-${basename(path)}`) }: PowerCutDiskOptions,
): Promise<{ readonly disk: PowerCutDisk } | { readonly disk: null; readonly why: string }> {
  mkdirSync(join(below, 'contents'), { recursive: true });
  mkdirSync(path, { recursive: true });
  const program = join(below, 'power-cut');
  const why = whyNotBuilt(program);
  if (why !== null) return { disk: null, why };
  const args = [join(below, 'contents'), ...(names === 'journaled' ? [names] : [])];
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const disk = new MountedDisk(path, below, child);
  try {
    // Not among its arguments: whoever kills what has to do with the folder does not mean the disk below it.
    await disk.tell(path, 'on');
    return { disk };
  } catch (error) {
    return { disk: null, why: error instanceof Error ? error.message : String(error) };
  }
}

function whyNotBuilt(program: string): string | null {
  let why = '';
  for (const go of goToolchains()) {
    const args = ['build', '-o', program, '.'];
    const { status, stderr, error } = spawnSync(go, args, { cwd: PROGRAM, encoding: 'utf8', timeout: BUILD_MS });
    if (status === 0) return null;
    why = error?.message ?? stderr.trim();
  }
  return why;
}

class MountedDisk implements PowerCutDisk {
  readonly path: string;
  readonly booted: readonly string[];
  readonly #below: string;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #lines: Interface;
  #said = '';

  constructor(path: string, below: string, child: ChildProcessByStdio<Writable, Readable, Readable>) {
    this.path = path;
    this.#below = below;
    this.#child = child;
    this.#lines = createInterface(child.stdout);
    child.stderr.on('data', (chunk: Buffer) => (this.#said += chunk.toString()));
    const script = 'mount --bind "$0" /proc/sys/kernel/random/boot_id && exec "$@"';
    this.booted = ['unshare', '--mount', '--propagation', 'slave', 'sh', '-c', script, this.#bootId];
    this.#boot();
  }

  get #bootId(): string {
    return join(this.#below, 'boot-id');
  }

  #boot(): void {
    writeFileSync(this.#bootId, `${randomUUID()}\n`);
  }

  async cut(seed?: number): Promise<number> {
    await this.tell('off', 'off');
    const killed = await killProcessesOf(this.path);
    await this.tell(seed === undefined ? 'on' : `on ${seed}`, 'on');
    this.#boot();
    return killed;
  }

  makeReadOnly(): Promise<void> {
    return this.tell('read-only', 'read-only');
  }

  makeWritable(): Promise<void> {
    return this.tell('writable', 'writable');
  }

  async destroy(): Promise<void> {
    await killProcessesOf(this.path);
    this.#child.stdin.end();
    if (!this.#isOver) await once(this.#child, 'exit');
    await rm(this.#below, { recursive: true, force: true });
  }

  get #isOver(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async tell(words: string, answer: string): Promise<void> {
    if (this.#isOver) throw new Error('The disk has ended.');
    const heard = this.#hears(answer);
    this.#child.stdin.write(`${words}\n`);
    await heard;
  }

  /** Rejects with its words if it ends. */
  async #hears(answer: string): Promise<void> {
    const over = new AbortController();
    const ended = once(this.#child, 'close', { signal: over.signal }).then(() => {
      throw new Error(this.#said.trim() || 'The disk has ended.');
    });
    try {
      const [line] = (await Promise.race([once(this.#lines, 'line', { signal: over.signal }), ended])) as [string];
      if (line !== answer) throw new Error(`The disk said ${line}, and not ${answer}.`);
    } finally {
      over.abort();
      ended.catch(() => undefined);
    }
  }
}
