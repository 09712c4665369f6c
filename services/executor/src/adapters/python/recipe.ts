// What an environment is built from: a requirements file with all that it includes, or a pyproject.toml with its lock.
import { PlatformError } from '@baton/errors';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';
import { isSafePath } from '../../domain/safe-path.ts';

export interface Recipe {
  readonly kind: 'requirements' | 'pyproject' | 'locked';
  /** The file that was named; the others lie around it as in the code. */
  readonly path: string;
  readonly files: ReadonlyMap<string, Buffer>;
}

const INCLUDE = /^\s*(?:-r|--requirement|-c|--constraint)(?:\s+|\s*=\s*|(?=[^\s-]))([^\s#]+)/gm;
const MAX_FILES = 64;

/** `invalid_input` if a file is not in the code. */
export async function readRecipe(codeFolder: string, path: string): Promise<Recipe> {
  if (basename(path) === 'pyproject.toml') return readProject(codeFolder, path);
  const files = new Map<string, Buffer>();
  const queue = [path];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (files.has(next) || isUrl(next)) continue;
    if (files.size === MAX_FILES)
      throw new PlatformError(
        'invalid_input',
        `The requirements file "${path}" includes more than ${MAX_FILES} files.`,
      );
    const content = await readInside(codeFolder, next);
    files.set(next, content);
    queue.push(...includesOf(content.toString('utf8'), next));
  }
  return { kind: 'requirements', path, files };
}

/** Names, content and what else decides about the outcome. */
export function hashOf(recipe: Recipe, python: string): string {
  const hash = createHash('sha256').update(`${recipe.kind}\0${recipe.path}\0${python}\0`);
  for (const path of [...recipe.files.keys()].toSorted()) {
    const content = recipe.files.get(path) ?? Buffer.alloc(0);
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex').slice(0, 32);
}

async function readProject(codeFolder: string, path: string): Promise<Recipe> {
  const files = new Map([[path, await readInside(codeFolder, path)]]);
  const lock = posix.join(posix.dirname(path), 'uv.lock');
  const locked = await readFile(join(codeFolder, lock)).catch(() => null);
  if (locked === null) return { kind: 'pyproject', path, files };
  files.set(lock, locked);
  return { kind: 'locked', path, files };
}

function includesOf(text: string, from: string): string[] {
  const named = [...text.matchAll(INCLUDE)].map((match) => match[1] ?? '');
  return named.map((one) => (isUrl(one) ? one : posix.normalize(posix.join(posix.dirname(from), one))));
}

function isUrl(path: string): boolean {
  return path.includes('://');
}

async function readInside(codeFolder: string, path: string): Promise<Buffer> {
  const missing = new PlatformError('invalid_input', `The requirements file "${path}" is not in the code.`);
  if (!isSafePath(path)) throw missing;
  return readFile(join(codeFolder, path)).catch(() => {
    throw missing;
  });
}
