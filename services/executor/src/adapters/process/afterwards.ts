// What has time until the next job has begun: each call of the system that stands before the word, or just after it, lengthens the idle gap.

/** The first milliseconds of the next job, and some more. */
const LATER_MS = 20;

/** The agent ends only when it is done. */
export function afterwards(act: () => void): void {
  setTimeout(act, LATER_MS);
}
