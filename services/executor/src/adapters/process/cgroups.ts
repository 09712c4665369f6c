// Control groups of attempts, where the kernel lets this process make them: who belongs to one, what it may use, whether it used more.
import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AttemptKey, attemptName } from '../../domain/journal.ts';

/** 0 = no limit. */
export interface Limits {
  readonly cpus: number;
  readonly memoryBytes: number;
}

interface Hierarchy {
  readonly version: 1 | 2;
  /** The folder that holds the attempts' groups. */
  readonly folder: string;
  /** Of `cpu` and `memory`, those that this one controls. */
  readonly controllers: readonly string[];
}

const CONTROLLERS = ['cpu', 'memory'];
const PERIOD_US = 100_000;

export class Cgroups {
  readonly #hierarchies: readonly Hierarchy[];

  private constructor(hierarchies: readonly Hierarchy[]) {
    this.#hierarchies = hierarchies;
  }

  /** Null where none can be made; `limits` says what can be limited. */
  static open(nodeId: string): Cgroups | null {
    const found = mounts().flatMap((mount) => hierarchyAt(mount, `baton-${nodeId}`) ?? []);
    // The second version first, where it limits anything: the first of them is asked who belongs to an attempt.
    const ordered = found.toSorted((one, other) => other.version - one.version);
    const limiting = ordered.filter(({ controllers }) => controllers.length > 0);
    // Each one more is a move more for every attempt.
    const useful = limiting.length > 0 ? limiting : ordered.slice(0, 1);
    for (const one of found) sweep(one.folder);
    for (const one of found) if (!useful.includes(one)) tryRemove(one.folder);
    return found.length === 0 ? null : new Cgroups(useful);
  }

  canLimit(what: 'cpu' | 'memory'): boolean {
    return this.#hierarchies.some((one) => one.controllers.includes(what));
  }

  /** Makes the attempt's groups, which its first process enters by itself; gives their folders. */
  create(key: AttemptKey, limits: Limits): string[] {
    return this.#hierarchies.map((one) => {
      const group = join(one.folder, attemptName(key));
      mkdirSync(group, { recursive: true });
      limit(group, one, limits);
      return group;
    });
  }

  /** Runs only where nothing else would, and gives way at once; where the kernel knows of such groups. */
  setIdle(key: AttemptKey, isIdle: boolean): void {
    for (const { folder, controllers } of this.#hierarchies)
      if (controllers.includes('cpu')) tryWrite(join(folder, attemptName(key), 'cpu.idle'), isIdle ? '1' : '0');
  }

  /** Every process of the attempt, whatever session it made for itself; null if there is no such group. */
  members(key: AttemptKey): number[] | null {
    const [first] = this.#hierarchies;
    const text = first && read(join(first.folder, attemptName(key), 'cgroup.procs'));
    if (text === null || text === undefined) return null;
    return text.split('\n').filter(Boolean).map(Number);
  }

  /** Whether the kernel has killed a process of it for want of memory. */
  ranOutOfMemory(key: AttemptKey): boolean {
    const memory = this.#hierarchies.find((one) => one.controllers.includes('memory'));
    if (!memory) return false;
    const file = memory.version === 2 ? 'memory.events' : 'memory.oom_control';
    const text = read(join(memory.folder, attemptName(key), file)) ?? '';
    return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0) > 0;
  }

  /** Once nothing is left in them; while the supervisor is about to go they stay for the next try. */
  remove(key: AttemptKey): void {
    for (const { folder } of this.#hierarchies) tryRemove(join(folder, attemptName(key)));
  }

  /** The agent goes; what still runs keeps its groups. */
  close(): void {
    for (const { folder } of this.#hierarchies) {
      sweep(folder);
      tryRemove(folder);
    }
  }
}

/** Groups that nothing is in any more: of attempts whose agent was killed before it could remove them. */
function sweep(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) tryRemove(join(folder, entry.name));
  }
}

/** Fails while something is in it. */
function tryRemove(group: string): void {
  try {
    rmdirSync(group);
  } catch {
    // Not empty yet, or gone already.
  }
}

interface Mount {
  readonly version: 1 | 2;
  readonly path: string;
  readonly options: readonly string[];
}

function mounts(): Mount[] {
  return (read('/proc/mounts') ?? '').split('\n').flatMap((line) => {
    const [, path = '', type, options = ''] = line.split(' ');
    if (type !== 'cgroup' && type !== 'cgroup2') return [];
    return [{ version: type === 'cgroup2' ? 2 : 1, path, options: options.split(',') }] satisfies Mount[];
  });
}

/** Null if it is of no use here, or if this process may not make groups in it. */
function hierarchyAt(mount: Mount, name: string): Hierarchy | null {
  const own = mount.version === 2 ? '/' : ownGroup(mount.options);
  const named = CONTROLLERS.filter((controller) => mount.options.includes(controller));
  if (own === null || (mount.version === 1 && named.length === 0)) return null;
  const folder = join(mount.path, own, name);
  try {
    mkdirSync(folder, { recursive: true });
    return { version: mount.version, folder, controllers: mount.version === 2 ? delegate(mount.path, folder) : named };
  } catch {
    return null;
  }
}

function ownGroup(options: readonly string[]): string | null {
  const lines = (read('/proc/self/cgroup') ?? '').split('\n').map((line) => line.split(':'));
  return lines.find(([, controllers = '']) => controllers !== '' && options.includes(controllers))?.[2] ?? null;
}

/** Hands the controllers down to the attempts' groups, as far as this kernel and container allow. */
function delegate(root: string, folder: string): string[] {
  const available = (read(join(root, 'cgroup.controllers')) ?? '').trim().split(' ');
  return CONTROLLERS.filter((controller) => {
    if (!available.includes(controller)) return false;
    return [root, folder].every((group) => tryWrite(join(group, 'cgroup.subtree_control'), `+${controller}`));
  });
}

function limit(group: string, { version, controllers }: Hierarchy, { cpus, memoryBytes }: Limits): void {
  if (cpus > 0 && controllers.includes('cpu')) {
    const quota = String(Math.round(cpus * PERIOD_US));
    if (version === 2) writeFileSync(join(group, 'cpu.max'), `${quota} ${PERIOD_US}`);
    else writeFileSync(join(group, 'cpu.cfs_quota_us'), quota);
  }
  if (memoryBytes > 0 && controllers.includes('memory')) {
    const bytes = String(memoryBytes);
    if (version === 2) {
      writeFileSync(join(group, 'memory.max'), bytes);
      tryWrite(join(group, 'memory.swap.max'), '0');
    } else {
      writeFileSync(join(group, 'memory.limit_in_bytes'), bytes);
      tryWrite(join(group, 'memory.memsw.limit_in_bytes'), bytes);
    }
  }
}

function tryWrite(path: string, text: string): boolean {
  try {
    writeFileSync(path, text);
    return true;
  } catch {
    return false;
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
