// What clients asked and were told, as it happened: one line of JSON for each invocation and for each answer.
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/** A conditional write of one register, which is one aggregate: `expected` 0 makes it. */
export interface Write {
  readonly kind: 'write';
  readonly expected: number;
  readonly value: string;
}
export interface Read {
  readonly kind: 'read';
}
export interface Asked {
  readonly op: number;
  readonly process: string;
  readonly register: string;
  readonly what: Write | Read;
}

/** `fail`: it certainly had no effect. `unknown`: it may have had one, or may have one later. */
export type Told =
  | { readonly type: 'ok'; readonly revision: number; readonly value: string }
  | { readonly type: 'fail' }
  | { readonly type: 'unknown' };

/** A whole operation; times in milliseconds of one monotonic clock. */
export interface Operation extends Asked {
  readonly invokedAt: number;
  /** Infinity where nothing was told. */
  readonly toldAt: number;
  readonly told: Told;
}

type Line =
  | (Asked & { readonly type: 'invoke'; readonly at: number })
  | (Told & { readonly op: number; readonly at: number });

export class History {
  readonly path: string;
  readonly #file: number;
  #count = 0;

  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, 'wx');
  }

  invoke(process: string, register: string, what: Write | Read): number {
    this.#count += 1;
    this.#write({ type: 'invoke', op: this.#count, process, register, what, at: performance.now() });
    return this.#count;
  }

  tell(op: number, told: Told): void {
    this.#write({ ...told, op, at: performance.now() });
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(line: Line): void {
    writeSync(this.#file, `${JSON.stringify(line)}\n`);
  }
}

/** In the order of invocation. */
export function readHistory(path: string): Operation[] {
  const operations = new Map<number, Operation>();
  for (const text of readFileSync(path, 'utf8').split('\n').filter(Boolean)) {
    const line = JSON.parse(text) as Line;
    if (line.type === 'invoke') {
      const { op, process, register, what, at } = line;
      const told = { type: 'unknown' } as const;
      operations.set(op, { op, process, register, what, invokedAt: at, toldAt: Number.POSITIVE_INFINITY, told });
    } else {
      const { op, at, ...told } = line;
      const asked = operations.get(op);
      const toldAt = told.type === 'unknown' ? Number.POSITIVE_INFINITY : at;
      if (asked) operations.set(op, { ...asked, told, toldAt });
    }
  }
  return [...operations.values()];
}
