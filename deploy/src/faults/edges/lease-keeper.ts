// The KV bucket of the leader's lease, as the server keeps it: one key, and a revision that a write has to know.
import type { Breakage } from '../breakage.ts';

export interface LeaseEntry {
  readonly operation: 'PUT' | 'DEL';
  readonly revision: number;
  readonly text: string;
  /** ms, by the server's clock. */
  readonly createdAt: number;
}

export type LeaseWrite =
  | { readonly kind: 'create'; readonly text: string }
  | { readonly kind: 'update'; readonly text: string; readonly revision: number }
  | { readonly kind: 'delete' };

export class LeaseKeeper {
  readonly #now: () => number;
  readonly #isOpen: boolean;
  #entry: LeaseEntry | null = null;
  #revision = 0;

  constructor(now: () => number, broken: ReadonlySet<Breakage>) {
    this.#now = now;
    this.#isOpen = broken.has('lease');
  }

  get entry(): LeaseEntry | null {
    return this.#entry;
  }

  /** The new revision, or null where another was quicker. */
  write(write: LeaseWrite): number | null {
    if (!this.#isOpen && !this.#mayWrite(write)) return null;
    const text = write.kind === 'delete' ? '' : write.text;
    const operation = write.kind === 'delete' ? ('DEL' as const) : ('PUT' as const);
    this.#entry = { operation, text, revision: (this.#revision += 1), createdAt: this.#now() };
    return this.#revision;
  }

  #mayWrite(write: LeaseWrite): boolean {
    if (write.kind === 'create') return this.#entry === null || this.#entry.operation === 'DEL';
    return write.kind === 'delete' || write.revision === this.#entry?.revision;
  }
}
