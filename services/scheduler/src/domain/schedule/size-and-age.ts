// The order of jobs of one owner: small ones first, but the longer a job waits for its size, the further it moves up.

export interface SizeAndAge {
  /** What it will take at most, or is expected to take. */
  readonly lengthMs: number;
  /** On all nodes together. */
  readonly devices: number;
  readonly waitMs: number;
}

/** How much the number of devices counts beside the length. */
const DEVICES_EXPONENT = 0.5;
/** A job of this many lengths of waiting stands where one of half its size stands that has just come. */
const PATIENCE = 1;

/** Lower goes first. For jobs of one size it falls with the wait, so that they keep their order. */
export function sizeAndAge({ lengthMs, devices, waitMs }: SizeAndAge): number {
  const ageing = 1 + Math.max(0, waitMs) / (PATIENCE * lengthMs);
  return (lengthMs * devices ** DEVICES_EXPONENT) / ageing;
}
