// Numbers that look random and are the same for a seed, on any machine: SplitMix32, whose state is one integer.
export type Random = () => number;

/** Uniform in [0, 1), with 32 bits. */
export function random(seed: number): Random {
  let state = Math.trunc(seed) | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}
