// A part of a device that jobs share: as people write it, and in the whole twentieths that are reckoned with.

/** In which parts are counted: sums of them are exact. */
export const TWENTIETHS_OF_DEVICE = 20;
/** The most jobs that a node may let share one of its devices. */
export const MAX_JOBS_PER_DEVICE = 20;
export const DEVICE_PARTS = 'a multiple of 0.05 below 1';

/** Of what may be asked of one device: 1 to 19 for 0.05 to 0.95; null if it is no such part. */
export function twentiethsOf(part: number): number | null {
  const twentieths = Math.round(part * TWENTIETHS_OF_DEVICE);
  // A decimal fraction is not what it is written as, and is told by what it is nearest to.
  const isOne = twentieths >= 1 && twentieths < TWENTIETHS_OF_DEVICE && partOf(twentieths) === part;
  return isOne ? twentieths : null;
}

export function partOf(twentieths: number): number {
  return twentieths / TWENTIETHS_OF_DEVICE;
}
