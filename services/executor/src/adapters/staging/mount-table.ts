// The kernel's table of mounts: which of this node's cached trees are shown where.
import { readFileSync } from 'node:fs';

export interface Mount {
  readonly id: number;
  /** Major and minor number of the file system. */
  readonly device: string;
  /** What of that file system is mounted: a path within it. */
  readonly root: string;
  readonly point: string;
  readonly readOnly: boolean;
}

export function readMounts(): Mount[] {
  return parseMounts(readFileSync('/proc/self/mountinfo', 'utf8'));
}

/** proc(5): `id parent major:minor root point options ...`, blanks in paths as `\040`. */
export function parseMounts(text: string): Mount[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const [id = '', , device = '', root = '', point = '', options = ''] = line.split(' ');
    return {
      id: Number(id),
      device,
      root: unescape(root),
      point: unescape(point),
      readOnly: options.split(',').includes('ro'),
    };
  });
}

function unescape(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

export function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** Mounts that show something of `folder`, wherever: a job may have moved what holds the mount point. */
export function mountsOf(folder: string, mounts: readonly Mount[]): Mount[] {
  const holder = mounts
    .filter(({ point }) => point === '/' || isBelow(folder, point))
    .reduce<Mount | null>((best, one) => (best === null || one.point.length >= best.point.length ? one : best), null);
  if (holder === null) return [];
  const rest = holder.point === '/' ? folder : folder.slice(holder.point.length);
  const within = holder.root === '/' ? rest : `${holder.root}${rest}`;
  return mounts.filter((one) => one.device === holder.device && one.id !== holder.id && isBelow(one.root, within));
}
