// Lists in the order of submission.

/** Where the first that was submitted at `order` or later stands, or would stand. */
export function firstAtOrAfter(jobs: readonly { readonly order: number }[], order: number): number {
  let low = 0;
  let high = jobs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((jobs[middle]?.order ?? Infinity) < order) low = middle + 1;
    else high = middle;
  }
  return low;
}
