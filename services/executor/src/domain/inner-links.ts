// Symbolic links of a folder that a job has written: those that lead to something of the same folder stand for it.
// Nothing is followed: a link's words are compared with the files that were found.

export interface InnerLink {
  readonly path: string;
  /** What the link says. */
  readonly target: string;
}

export interface ResolvedLinks<T> {
  /** What stands under each link's name. */
  readonly files: ReadonlyMap<string, T>;
  /** Links that lead out, to nothing, or in a circle. */
  readonly left: readonly string[];
}

/** A few links to a large folder could name more files than there are on the disk. */
const MAX_ADDED = 10_000;
const MAX_CHAIN = 8;

/** `root` is the folder's absolute path, as the job knows it. */
export function resolveLinks<T>(
  found: ReadonlyMap<string, T>,
  links: readonly InnerLink[],
  root: string,
): ResolvedLinks<T> {
  const targets = new Map(links.map((link) => [link.path, innerTarget(link, root)]));
  const files = new Map<string, T>();
  const left: string[] = [];
  for (const { path } of links) {
    const named = filesAt(found, endOfChain(targets, path), path);
    if (named.length === 0 || files.size + named.length > MAX_ADDED) left.push(path);
    else for (const [name, file] of named) files.set(name, file);
  }
  return { files, left };
}

/** Relative to the folder; null if it leads out. */
function innerTarget({ path, target }: InnerLink, root: string): string | null {
  const from = target.startsWith('/') ? '' : `${root}/${path}/..`;
  const above = segmentsOf(root);
  const whole = segmentsOf(`${from}/${target}`);
  return above.every((name, index) => whole[index] === name) ? whole.slice(above.length).join('/') : null;
}

/** Of an absolute path: `..` leads up, and from the top nowhere. */
function segmentsOf(path: string): string[] {
  const segments: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') segments.pop();
    else if (name !== '' && name !== '.') segments.push(name);
  }
  return segments;
}

function endOfChain(targets: ReadonlyMap<string, string | null>, path: string): string | null {
  let at = targets.get(path) ?? null;
  for (let step = 0; step < MAX_CHAIN && at !== null; step += 1) {
    if (!targets.has(at)) return at;
    at = targets.get(at) ?? null;
  }
  return null;
}

/** One file, or those of a folder under the link's name. */
function filesAt<T>(found: ReadonlyMap<string, T>, target: string | null, link: string): (readonly [string, T])[] {
  // A link inside of what it names is a circle.
  if (target === null || target === '' || link.startsWith(`${target}/`)) return [];
  const file = found.get(target);
  if (file !== undefined) return [[link, file]];
  const within = `${target}/`;
  return [...found].flatMap(([path, one]) =>
    path.startsWith(within) ? [[`${link}/${path.slice(within.length)}`, one] as const] : [],
  );
}
