// A wall clock that is wrong, for Node processes started with its environment: what `Date` says jumps when it is told to.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ShiftedClock {
  readonly env: Readonly<Record<string, string>>;
  /** By so much the clock is wrong, within a twentieth of a second. */
  shift(ms: number): void;
}

/** `folder` keeps its two files, where no user that runs jobs has to read them. */
export function shiftedClock(folder: string): ShiftedClock {
  const offset = join(folder, 'clock-offset');
  const preload = join(folder, 'clock.mjs');
  const shift = (ms: number): void => writeFileSync(offset, String(ms));
  shift(0);
  writeFileSync(preload, preloadText(offset));
  return { env: { NODE_OPTIONS: `--import=${preload}` }, shift };
}

/** Timers and `performance.now()` are left alone, as by a machine whose clock is set. */
function preloadText(offset: string): string {
  return `
import { readFileSync } from 'node:fs';
const RealDate = Date;
const realNow = Date.now;
let offsetMs = 0;
const look = () => { try { offsetMs = Number(readFileSync(${JSON.stringify(offset)}, 'utf8')); } catch {} };
look();
setInterval(look, 50).unref();
RealDate.now = () => realNow() + offsetMs;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) => Reflect.construct(target, args.length > 0 ? args : [target.now()], newTarget),
});
`;
}
