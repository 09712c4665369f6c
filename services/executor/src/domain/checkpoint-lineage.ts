// Whether a node's own checkpoint folder, or what is stored, is what a job goes on from.

/** The manifests that a folder has grown out of: restored into it, or stored of it, the newest last. */
export type Lineage = readonly string[];

const MAX_KEPT = 64;

export function grown(lineage: Lineage, digest: string): Lineage {
  return lineage.at(-1) === digest ? lineage : [...lineage.filter((one) => one !== digest), digest].slice(-MAX_KEPT);
}

/**
 * The folder is as new as what is asked for, or newer, exactly if it has grown out of it. What it has not grown out of
 * was made on another node after the job had left this one.
 */
export function isAsNewAs(lineage: Lineage, asked: string | null): boolean {
  return asked === null || lineage.includes(asked);
}

/** Unfinished files: a job writes under such a name, and renames what is whole. */
export function isUnfinished(name: string): boolean {
  return /\.(tmp|partial)$/i.test(name);
}
