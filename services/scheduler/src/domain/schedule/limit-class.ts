// Durations in classes that grow by a constant factor, so that jobs that differ little wait in one bucket.

/** Within a class durations differ by less than 9.1 %. */
export const STEPS_AN_OCTAVE = 8;

/** The number of the class: 0 for up to 1 ms, then `steps` for each doubling. */
export function classOf(durationMs: number, steps = STEPS_AN_OCTAVE): number {
  return Math.ceil(steps * Math.log2(Math.max(1, durationMs)));
}

/** The longest duration of a class. */
export function boundMs(durationClass: number, steps = STEPS_AN_OCTAVE): number {
  return 2 ** (durationClass / steps);
}
