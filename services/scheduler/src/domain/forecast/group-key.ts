// Short keys for long descriptions: a group is found by what its jobs have in common, which may be whole command lines. Pure.

/** 53 bits of what was said (Bryc's cyrb53): of a million groups, two are mixed up with a chance of 1 in 18,000. */
export function groupKey(parts: readonly unknown[]): string {
  const text = JSON.stringify(parts);
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 0x9e3779b1);
    low = Math.imul(low ^ code, 0x5f356495);
  }
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  return (2 ** 32 * (low & 0x1fffff) + (high >>> 0)).toString(36);
}
